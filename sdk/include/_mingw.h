// SPDX-License-Identifier: MIT
// mingw-w64 makes __forceinline a macro for `extern inline` in the old GNU sense: whoever takes such a function's
// address gets an unresolved symbol. Without the macro it is the compiler's own keyword, as in Microsoft's.
#pragma once
#include_next <_mingw.h>
#undef __forceinline
