// SPDX-License-Identifier: MIT
// How an I/O operation ends: the status block.
#pragma once

#include "nt/basic.h"

namespace ringside::nt {

struct IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
};
NT_SIZE(IO_STATUS_BLOCK, 0x10); NT_OFFSET(IO_STATUS_BLOCK, Status, 0x00); NT_OFFSET(IO_STATUS_BLOCK, Pointer, 0x00);
NT_OFFSET(IO_STATUS_BLOCK, Information, 0x08);

// IO_STATUS_BLOCK.Information of a create.
inline constexpr ULONG
    FILE_SUPERSEDED = 0, FILE_OPENED = 1, FILE_CREATED = 2, FILE_OVERWRITTEN = 3, FILE_EXISTS = 4,
    FILE_DOES_NOT_EXIST = 5;

} // namespace ringside::nt
