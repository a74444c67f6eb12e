// SPDX-License-Identifier: MIT
// Keep-alive counts: a driver has them for a process whose I/O is in progress on one of its files, so that the process
// is not suspended meanwhile. Windows suspends apps; nothing here does, so that the counts are only kept, and told when
// they are left.
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::io {

class KeepAlive {
public:
    struct Count {
        uint32_t file_number;
        uint32_t process_number;
        std::string process; // its name
        uint32_t count;
    };
    std::vector<Count> const& counts() const { return m_counts; } // none of them 0
    void add(uint32_t file_number, uint32_t process_number, char const* process);
    // False: there is none.
    bool remove(uint32_t file_number, uint32_t process_number);

private:
    std::vector<Count> m_counts;
};

// STATUS_INVALID_PARAMETER: not a live file object or process, or (decrement) a count that is 0. Up to DISPATCH_LEVEL.
NTSTATUS IoIncrementKeepAliveCount(FILE_OBJECT* file, EPROCESS* process);
NTSTATUS IoDecrementKeepAliveCount(FILE_OBJECT* file, EPROCESS* process);

} // namespace ringside::io
