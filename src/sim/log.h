// SPDX-License-Identifier: MIT
// The event log (docs/design.md D13). Recording is binary and cheap (one 32-byte record and one step of the rolling
// hash); text is made when somebody reads. A record never holds an address: objects are numbered by birth, so the same
// seed, build and inputs give the same hash in every preset and on every host.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::sim {

// What happened. Below `FirstDdi` the kind is one of these; from there on it is an export's number (base/contract.h),
// `FirstDdi + number`, and the record is that call's return.
enum class Event : uint16_t {
    Boot,
    Finish,
    DriverLoaded,
    DriverUnloaded,
    DispatchEnter,   // subject: IRP; who: thread; detail: major | minor << 8 | driver << 16
    DispatchReturn,  // detail: NTSTATUS
    CompletionEnter, // subject: IRP; detail: driver
    CompletionReturn,
    IrpAllocated,
    IrpFreed,
    IrpCompleted,    // subject: IRP; detail: NTSTATUS
    IrpCancelled,
    DeviceCreated,
    DeviceDeleted,
    ThreadStarted,
    ThreadEnded,
    ThreadSwitch,    // subject: the thread switched to
    ProcessorSwitch, // subject: the processor switched to
    DpcEnter,
    DpcReturn,
    TimerFired,
    TimeAdvanced,    // detail: 100 ns units
    CallbackEnter,   // any other door into a driver; detail: door kind
    CallbackReturn,
    FaultInjected,   // subject: site number; detail: export number
    Exception,       // detail: NTSTATUS
    BugCheck,        // detail: code
    Violation,       // subject: rule number
    DebugPrint,      // detail: text number
    Note,            // detail: text number
    BreakIn,
    UserApc,         // a user-mode APC at the return to user mode; subject: the thread
    Interrupt,       // delivered here; subject: vector; detail: DIRQL
    Ipi,             // a broadcast call of subject: the processor that made it
    Nmi,
    Trace, // a driver's trace event; detail: text number
    Count,
    FirstDdi = 256,
};

struct Record {
    uint64_t time_100ns;
    Event what;
    uint8_t processor;
    uint8_t irql;
    uint32_t who; // thread number, 0: none
    uint32_t subject;
    uint32_t reserved;
    uint64_t detail;
};
static_assert(sizeof(Record) == 32);

class Log {
public:
    // Keeps the newest `capacity` records (a power of two); the hash and the count cover all of them.
    explicit Log(size_t capacity);

    void add(Record const& record)
    {
        // By whole words: a record that is written member by member costs twice the stores, and the hash wants words.
        uint64_t const words[] = { record.time_100ns,
                                   static_cast<uint64_t>(record.what) | uint64_t { record.processor } << 16
                                       | uint64_t { record.irql } << 24 | uint64_t { record.who } << 32,
                                   record.subject, record.detail };
        static_assert(sizeof words == sizeof(Record) && std::endian::native == std::endian::little);
        std::memcpy(&m_records[m_count & m_mask], words, sizeof words);
        ++m_count;
        // The record's two halves are mixed apart from the running hash, so that only one multiplication of each
        // record waits for the one before.
        uint64_t const halves = mix(words[0], words[1]) ^ mix(words[3], ~words[2]);
        m_hash = (((m_hash << 23) | (m_hash >> 41)) ^ halves) * 0x9E3779B97F4A7C15ull;
    }

    // Stores a text for a DebugPrint or Note record and returns its number; the words are part of the hash.
    uint64_t add_text(std::string_view text);

    uint64_t count() const { return m_count; }
    uint64_t hash() const { return m_hash; }
    uint64_t first_kept() const { return m_count > m_records.size() ? m_count - m_records.size() : 0; }
    Record const& at(uint64_t index) const { return m_records[index & m_mask]; }
    // The text of that number, or a sentence that it is no longer kept.
    std::string_view text(uint64_t number) const;

private:
    static uint64_t mix(uint64_t a, uint64_t b)
    {
        unsigned __int128 product
            = static_cast<unsigned __int128>(a ^ 0xA0761D6478BD642Full) * (b ^ 0xE7037ED1A0B428DBull);
        return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    }

    std::vector<Record> m_records;
    uint64_t m_mask;
    uint64_t m_count = 0;
    uint64_t m_hash = 0x52696E6773696465ull;
    std::deque<std::string> m_texts;
    uint64_t m_texts_dropped = 0;
};

} // namespace ringside::sim
