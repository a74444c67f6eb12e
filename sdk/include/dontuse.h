// SPDX-License-Identifier: MIT
// Microsoft's header marks C library functions that drivers shall not use. Here the linker says so: the kit has no C
// library beyond what the kernel exports.
#pragma once
