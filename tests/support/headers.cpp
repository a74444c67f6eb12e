// SPDX-License-Identifier: MIT
// What the precompiled header needs: a source to be compiled for.
#include "headers.h"
