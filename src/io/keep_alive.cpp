// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioincrementkeepalivecount
#include "io/keep_alive.h"

#include "io/manager.h"
#include "ps/process.h"

#include <algorithm>

namespace ringside::io {

void KeepAlive::add(uint32_t file_number, uint32_t process_number, char const* process)
{
    for (Count& count : m_counts)
        if (count.file_number == file_number && count.process_number == process_number) {
            ++count.count;
            return;
        }
    m_counts.push_back({ file_number, process_number, process, 1 });
}

bool KeepAlive::remove(uint32_t file_number, uint32_t process_number)
{
    auto const found = std::ranges::find_if(m_counts, [&](Count const& count) {
        return count.file_number == file_number && count.process_number == process_number;
    });
    if (found == m_counts.end())
        return false;
    if (--found->count == 0)
        m_counts.erase(found);
    return true;
}

NTSTATUS IoIncrementKeepAliveCount(FILE_OBJECT* file, EPROCESS* process)
{
    FileRecord const* record = manager().files().find(file);
    ke::Process const* of = ps::manager().process_of(process);
    if (!record || !of)
        return STATUS_INVALID_PARAMETER;
    manager().keep_alive().add(record->number, of->number, of->name);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iodecrementkeepalivecount
NTSTATUS IoDecrementKeepAliveCount(FILE_OBJECT* file, EPROCESS* process)
{
    FileRecord const* record = manager().files().find(file);
    ke::Process const* of = ps::manager().process_of(process);
    if (!record || !of || !manager().keep_alive().remove(record->number, of->number))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

} // namespace ringside::io
