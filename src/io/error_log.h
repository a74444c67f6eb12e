// SPDX-License-Identifier: MIT
// The system event log's driver end: entries that drivers allocate, fill in and post. What was posted is kept for the
// report; the entry itself is freed.
#pragma once

#include "nt/nt.h"

#include <deque>
#include <string>
#include <vector>

namespace ringside::io {

struct ErrorLogEntry {
    uint32_t driver_number = 0;
    std::string driver; // its label: it may be gone when somebody reads
    uint64_t time_100ns = 0;
    NTSTATUS error_code = 0;
    ULONG unique_error_value = 0;
    NTSTATUS final_status = 0;
    UCHAR major = 0;
    std::vector<uint8_t> dump;
    std::vector<std::u16string> strings;
};

class ErrorLog {
public:
    ErrorLog() = default;
    ~ErrorLog();
    ErrorLog(ErrorLog const&) = delete;
    ErrorLog& operator=(ErrorLog const&) = delete;

    void* allocate(void* object, UCHAR bytes);
    void write(void* entry);
    void free(void* entry);
    // An entry of the I/O manager's own, in the name of a driver (0: none).
    void note(uint32_t driver_number, NTSTATUS code, std::u16string text);

    std::deque<ErrorLogEntry> const& written() const { return m_written; }
    size_t allocated() const { return m_allocated.size(); } // neither written nor freed

private:
    struct Allocated {
        void* packet;
        UCHAR bytes;
        uint32_t driver_number;
        void* object; // referenced
    };
    Allocated take(void* entry);
    ErrorLogEntry& keep(uint32_t driver_number, NTSTATUS code);
    std::vector<Allocated> m_allocated;
    std::deque<ErrorLogEntry> m_written;
};

void* IoAllocateErrorLogEntry(void* object, UCHAR bytes);
void IoWriteErrorLogEntry(void* entry);
void IoFreeErrorLogEntry(void* entry);

} // namespace ringside::io
