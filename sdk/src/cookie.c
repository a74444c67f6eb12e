// SPDX-License-Identifier: MIT
//
// The security cookie and the load-config directory that tells a loader where it stands. The loader writes a random
// value over the cookie after relocation and before any code of the driver runs; functions with a stack buffer keep a
// copy of it, mixed with their stack pointer, between buffer and return address. The value below is the documented
// default: a loader that finds another one leaves it alone.

typedef unsigned long long UInt64;
typedef unsigned long UInt32;

UInt64 __security_cookie = 0x00002B992DDFA232;

// The IMAGE_LOAD_CONFIG_DIRECTORY64 of the first x64 Windows: all later ones accept its size, and it ends after the
// fields about structured exception handlers, which x64 does not use.
struct LoadConfig {
    UInt32 size;
    UInt32 fields_before_cookie[21];
    UInt64* security_cookie;
    UInt64 handler_table;
    UInt64 handler_count;
};

_Static_assert(sizeof(struct LoadConfig) == 0x70, "the size the first x64 Windows knows");
_Static_assert(__builtin_offsetof(struct LoadConfig, security_cookie) == 0x58, "where a loader looks for the cookie");

const struct LoadConfig _load_config_used
    = { .size = sizeof(struct LoadConfig), .security_cookie = &__security_cookie };

// Marks a driver that uses floating point; the compiler refers to it from every such object.
int _fltused = 0x9875;
