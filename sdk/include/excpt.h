// SPDX-License-Identifier: MIT
// Driver sources in C may write structured exception handling without underscores.
#pragma once
#include_next <excpt.h>
#ifndef __cplusplus
#define try __try
#define except __except
#define finally __finally
#define leave __leave
#endif
