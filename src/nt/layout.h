// SPDX-License-Identifier: MIT
// The published size of a structure and the published place of a field, checked where the structure is defined. On a
// difference the compiler names the structure and the field and prints both numbers ("expression evaluates to ...").
// The probe test (tests/nt) reads these same lines and puts them to another compiler target and another set of headers.
#pragma once

#include <cstddef>

#define NT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), "size of " #type)
#define NT_OFFSET(type, field, bytes) static_assert(offsetof(type, field) == (bytes), #type "::" #field)
