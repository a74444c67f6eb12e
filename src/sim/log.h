// SPDX-License-Identifier: MIT
// The event log (docs/design.md D13). Recording is binary and cheap (one 32-byte record; the hash takes in many at a
// time); text is made when somebody reads. A record never holds an address: objects are numbered by birth, so the same
// seed, build and inputs give the same hash in every preset and on every host.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
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

// Records stand in a block first. When it is full it is folded: the hash takes it in, and the ring keeps it.
class Log {
public:
    // Keeps the newest `capacity` records (a power of two); the hash and the count cover all of them.
    explicit Log(size_t capacity);
    ~Log();
    Log(Log const&) = delete;
    Log& operator=(Log const&) = delete;

    // `origin`: origin_of(...). True: settle() is due before the next record.
    bool add(uint64_t time_100ns, uint64_t origin, uint32_t subject, uint64_t detail)
    {
        // By whole words: a record that is written member by member costs twice the stores.
        uint64_t const words[] = { time_100ns, origin, subject, detail };
        static_assert(sizeof words == sizeof(Record) && std::endian::native == std::endian::little);
        std::memcpy(m_next, words, sizeof words);
        return ++m_next >= m_limit;
    }
    // A record's second word. The processor's and the thread's part of it change with their turns only.
    static constexpr uint64_t origin_of(Event what, uint64_t where, uint8_t irql)
    {
        return static_cast<uint64_t>(what) | where | uint64_t { irql } << 24;
    }
    static constexpr uint64_t where(uint8_t processor, uint32_t thread)
    {
        return uint64_t { processor } << 16 | uint64_t { thread } << 32;
    }
    void settle()
    {
        if (m_next == m_block + kBlock)
            fold();
    }
    // Whether each record is to be settled, for somebody who hears of each.
    void settle_each(bool each) { m_limit = each ? m_block : m_block + kBlock; }
    Record const& newest() const { return m_next[-1]; } // before it is settled

    // Stores a text for a DebugPrint or Note record and returns its number; the words are part of the hash.
    uint64_t add_text(std::string_view text);

    uint64_t count() const { return m_folded + static_cast<uint64_t>(m_next - m_block); }
    uint64_t hash();
    uint64_t first_kept() const { return count() > m_ring.size() ? count() - m_ring.size() : 0; }
    Record const& at(uint64_t index) const
    {
        return index >= m_folded ? m_block[index - m_folded] : m_ring[index & (m_ring.size() - 1)];
    }
    // The text of that number, or a sentence that it is no longer kept.
    std::string_view text(uint64_t number) const;

private:
    static constexpr size_t kBlock = 256; // records: 8 KiB, which stay in a first-level cache

    void fold();
    void hash_block(); // as far as it is written
    struct Hash;

    Record* m_next = m_block;
    Record* m_limit = m_block + kBlock;
    uint64_t m_folded = 0; // records before the block
    Record* m_hashed = m_block;
    std::unique_ptr<Hash> m_hash;
    std::vector<Record> m_ring;
    std::deque<std::string> m_texts;
    uint64_t m_texts_dropped = 0;
    alignas(64) Record m_block[kBlock];
};

} // namespace ringside::sim
