// SPDX-License-Identifier: MIT
// How the hive services reach a hive's file. Files are room io's, which stands above this one: the machine says how.
#pragma once

#include "cm/value_data.h"
#include "nt/nt.h"

#include <optional>

namespace ringside::cm {

struct HiveFiles {
    nt::NTSTATUS (*open)(nt::OBJECT_ATTRIBUTES* attributes, nt::HANDLE* handle) = nullptr;
    // STATUS_END_OF_FILE at and behind the end.
    nt::NTSTATUS (*read)(nt::HANDLE file, void* into, nt::ULONG bytes, uint64_t offset, nt::ULONG* done) = nullptr;
    nt::NTSTATUS (*write)(nt::HANDLE file, void const* from, nt::ULONG bytes, uint64_t offset) = nullptr;
};
extern HiveFiles g_hive_files;

} // namespace ringside::cm
