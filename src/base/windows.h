// SPDX-License-Identifier: MIT
// The Windows releases are part of the public face; rooms name them through here.
#pragma once

#include <ringside/windows.h>
