// SPDX-License-Identifier: MIT
#include "io/error_log.h"

#include "ex/pool.h"
#include "io/manager.h"
#include "ke/kernel.h"
#include "ob/object.h"

#include <algorithm>
#include <cstring>

namespace ringside::io {

namespace {

constexpr ULONG kErrorLogTag = 0x72456F49; // 'IoEr'
constexpr size_t kKeptMax = 1024;
// ERROR_LOG_MAXIMUM_SIZE (240) and the packet's own size.
constexpr size_t kBytesMax = 240;
constexpr size_t kBytesMin = offsetof(IO_ERROR_LOG_PACKET, DumpData);

} // namespace

ErrorLog::~ErrorLog()
{
    for (Allocated const& entry : m_allocated)
        ex::free(entry.packet, kErrorLogTag);
}

void* ErrorLog::allocate(void* object, UCHAR bytes)
{
    if (bytes < kBytesMin || bytes > kBytesMax)
        return nullptr;
    ob::Type* type = ob::type_of(object);
    uint32_t driver = 0;
    if (type == &ob::device_type) {
        DeviceRecord* record = manager().devices().find(static_cast<DEVICE_OBJECT*>(object));
        driver = record ? record->driver_number : 0;
    } else if (type == &ob::driver_type) {
        DriverRecord* record = manager().drivers().find(static_cast<DRIVER_OBJECT*>(object));
        driver = record ? record->number : 0;
    } else
        return nullptr;
    void* packet = ex::allocate(NonPagedPoolNx, bytes, kErrorLogTag, ex::Owner::Kernel, true);
    if (!packet)
        return nullptr;
    ob::reference(object);
    m_allocated.push_back({ packet, bytes, driver, object });
    return packet;
}

// The allocation behind a driver's pointer; an empty one for a pointer that is none.
ErrorLog::Allocated ErrorLog::take(void* entry)
{
    auto it = std::ranges::find(m_allocated, entry, &Allocated::packet);
    if (it == m_allocated.end())
        return {};
    Allocated const taken = *it;
    m_allocated.erase(it);
    return taken;
}

ErrorLogEntry& ErrorLog::keep(uint32_t driver_number, NTSTATUS code)
{
    if (m_written.size() == kKeptMax)
        m_written.pop_front();
    ErrorLogEntry& kept = m_written.emplace_back();
    kept.driver_number = driver_number;
    if (DriverRecord const* driver = manager().drivers().by_number(driver_number))
        kept.driver = driver->label;
    kept.time_100ns = sim::world().now_100ns();
    kept.error_code = code;
    return kept;
}

void ErrorLog::note(uint32_t driver_number, NTSTATUS code, std::u16string text)
{
    ErrorLogEntry& kept = keep(driver_number, code);
    kept.final_status = code;
    if (!text.empty())
        kept.strings.push_back(std::move(text));
}

void ErrorLog::write(void* entry)
{
    Allocated const taken = take(entry);
    if (!taken.packet) {
        ex::free(entry, kErrorLogTag); // not an entry: Windows hands it to pool, which knows what to say
        return;
    }
    auto const& packet = *static_cast<IO_ERROR_LOG_PACKET const*>(taken.packet);
    auto const* bytes = static_cast<uint8_t const*>(taken.packet);
    ErrorLogEntry& kept = keep(taken.driver_number, packet.ErrorCode);
    kept.unique_error_value = packet.UniqueErrorValue;
    kept.final_status = packet.FinalStatus;
    kept.major = packet.MajorFunctionCode;
    size_t const dump = std::min<size_t>(packet.DumpDataSize, taken.bytes - kBytesMin);
    kept.dump.assign(bytes + kBytesMin, bytes + kBytesMin + dump);
    size_t at = packet.StringOffset;
    for (USHORT i = 0; i < packet.NumberOfStrings && at + sizeof(char16_t) <= taken.bytes; ++i) {
        std::u16string& text = kept.strings.emplace_back();
        for (; at + sizeof(char16_t) <= taken.bytes; at += sizeof(char16_t)) {
            char16_t c;
            std::memcpy(&c, bytes + at, sizeof c);
            if (!c)
                break;
            text += c;
        }
        at += sizeof(char16_t);
    }
    ex::free(taken.packet, kErrorLogTag);
    ob::dereference(taken.object);
}

void ErrorLog::free(void* entry)
{
    Allocated const taken = take(entry);
    ex::free(taken.packet ? taken.packet : entry, kErrorLogTag);
    if (taken.object)
        ob::dereference(taken.object);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-ioallocateerrorlogentry
void* IoAllocateErrorLogEntry(void* object, UCHAR bytes) { return manager().error_log().allocate(object, bytes); }

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iowriteerrorlogentry
void IoWriteErrorLogEntry(void* entry) { manager().error_log().write(entry); }

// @cite(wdk-ddi): page=wdm/nf-wdm-iofreeerrorlogentry
void IoFreeErrorLogEntry(void* entry) { manager().error_log().free(entry); }

} // namespace ringside::io
