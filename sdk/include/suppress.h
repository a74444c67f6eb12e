// SPDX-License-Identifier: MIT
// Names of static-analysis warnings for `#pragma prefast(suppress: ...)`. The compiler ignores that pragma, and nothing
// else uses the names.
#pragma once
