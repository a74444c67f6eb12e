// SPDX-License-Identifier: MIT
// What sections need of a file. Files belong to a room above: it sets g_file_data, and whoever makes a section of one of
// its files gets the file's bytes through it.
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <memory>
#include <span>

namespace ringside::mm {

class FileData {
public:
    // Lets nothing go: a machine that ends does not close its files.
    virtual ~FileData() = default;

    // The structure that all file objects of the file share.
    virtual nt::SECTION_OBJECT_POINTERS* pointers() const = 0;
    virtual uint64_t bytes() const = 0;
    // STATUS_DISK_FULL and the file system's other refusals, as the two below.
    virtual Result<void> grow(uint64_t bytes) = 0;
    // Within the file's size. What is mapped is not looked at: this is where it comes from and goes to.
    virtual Result<void> read(uint64_t at, std::span<std::byte> into) = 0;
    virtual Result<void> write(uint64_t at, std::span<std::byte const> bytes) = 0;
    // The last section and view went: gives the file object back. No other call follows.
    virtual void close() = 0;
};

// Holds the file object until close(). STATUS_INVALID_FILE_FOR_SECTION for a file object that is no such file,
// STATUS_FILE_LOCK_CONFLICT for a file with locked bytes. Null: there are no files.
extern Result<std::unique_ptr<FileData>> (*g_file_data)(nt::FILE_OBJECT* file);

} // namespace ringside::mm
