// SPDX-License-Identifier: MIT
// Looking blocks up, and what is wrong with a pointer that is none.
// @cite(wdk-docs): page=debugger/bug-check-0xc2--bad-pool-caller
// @cite(wdk-docs): page=debugger/bug-check-0x19--bad-pool-header
#include "ex/executive.h"
#include "ex/pool_guard.h"
#include "ke/bugcheck.h"
#include "mm/memory.h"
#include "mm/caller.h"

#include <algorithm>

namespace ringside::ex {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using hal::Pfn;

// The record of the live block that starts here; `was_block`: one started here and is free now.
Pool::Record* Pool::record_at(void const* block, bool* was_block) const
{
    auto const address = reinterpret_cast<uintptr_t>(block);
    Pfn const pfn = (address - hal::kDirectMap) >> kPageShift;
    if (address < hal::kDirectMap || pfn >= m_frames)
        return nullptr;
    Page const& page = m_pages[pfn];
    switch (page.use) {
    case PageUse::Slab: {
        SizeClass const& size_class = m_classes[page.slab->size_class];
        uint32_t const offset = static_cast<uint32_t>(address % kPageSize) - size_class.offset;
        if (offset >= kPageSize)
            return nullptr;
        auto const index = static_cast<uint32_t>(uint64_t { offset } * size_class.reciprocal >> 24);
        if (index >= size_class.count)
            return nullptr;
        Record& record = page.slab->records[index];
        if (record.address != block)
            return nullptr;
        if (record.number)
            return &record;
        if (was_block)
            *was_block = true;
        return nullptr;
    }
    case PageUse::Run:
        return address % kPageSize ? nullptr : page.run;
    case PageUse::FreedRun:
        if (was_block)
            *was_block = true;
        return nullptr;
    default:
        return nullptr;
    }
}

void Pool::bad_free(void* block) const
{
    auto const address = reinterpret_cast<uint64_t>(block);
    if (!address)
        ke::bug_check(BAD_POOL_CALLER, 0x46, 0, 0, 0, "a null pointer was freed as pool");
    if (hal::is_user(address))
        ke::bug_check(BAD_POOL_CALLER, 0x40, address, hal::kSystemRangeStart, 0, "a user address was freed as pool");
    Pfn const pfn = (address - hal::kDirectMap) >> kPageShift;
    if (address < hal::kDirectMap || pfn >= m_frames)
        ke::bug_check(BAD_POOL_CALLER, 0x42, address, 0, 0, "an address was freed that was never pool");
    bool was_block = false;
    record_at(block, &was_block);
    if (was_block) {
        bool const in_slab = m_pages[pfn].use == PageUse::Slab;
        uint64_t const contents = in_slab ? *reinterpret_cast<uint64_t*>(address - sizeof(PoolHeader)) : 0;
        ke::bug_check(BAD_POOL_CALLER, 7, 0, contents, address, "a pool block was freed that was free already");
    }
    if (m_pages[pfn].use == PageUse::Other)
        ke::bug_check(BAD_POOL_CALLER, 0x47, address, pfn, m_frames - 1, "memory was freed as pool that is not pool");
    ke::bug_check(BAD_POOL_CALLER, 0x99, address, 0, 0, "an address inside a pool block was freed");
}

// "Runs low" and "very low on resources" are ours to choose: a 32nd and a 128th of memory.
bool Pool::refuses(EX_POOL_PRIORITY priority, size_t bytes) const
{
    constexpr ULONG kSpecialPoolBits = 0xF; // XxxSpecialPoolOverrun, XxxSpecialPoolUnderrun
    ULONG const plain = priority & ~kSpecialPoolBits;
    if (plain >= HighPoolPriority)
        return false;
    size_t const kept = m_frames / (plain >= NormalPoolPriority ? 128 : 32);
    return m_physical.free_pages() < kept + (hal::page_round_up(std::min(bytes, m_physical.bytes())) >> kPageShift);
}

// The block's own header, and its successor's: a change there was made by whoever owned this block.
Pool::Damage Pool::damage_of(Slab const& slab, Record const& record) const
{
    SizeClass const& size_class = m_classes[slab.size_class];
    auto const index = static_cast<size_t>(&record - slab.records.get());
    if (index + 1 < size_class.count && !guards_stand(record.address + size_class.stride)) [[unlikely]]
        return Damage::End;
    return guards_stand(record.address) ? Damage::None : Damage::Header;
}

Pool::Damage Pool::damage_of_run(Record const& record)
{
    uint64_t const* guard = tail_guard(record.address, record.bytes, record.pages);
    return guard && *guard != (kGuardHigh ^ reinterpret_cast<uint64_t>(record.address)) ? Damage::End : Damage::None;
}

Pool::Damage Pool::damage_of(Record const& record) const
{
    Page const& page = m_pages[(reinterpret_cast<uintptr_t>(record.address) - hal::kDirectMap) >> kPageShift];
    return page.use == PageUse::Slab ? damage_of(*page.slab, record) : damage_of_run(record);
}

// Pool of whole pages may be described by MDLs that hold them.
std::optional<Pfn> Pool::locked_page_of(Record const& record) const
{
    auto const& locks = mm::memory().locks;
    if (!locks.total())
        return std::nullopt;
    Pfn const first = (reinterpret_cast<uintptr_t>(record.address) - hal::kDirectMap) >> kPageShift;
    for (size_t i = 0; i < record.pages; ++i)
        if (locks.count(first + i))
            return first + i;
    return std::nullopt;
}

void Pool::refuse(void* block, Record const* record, uint32_t tag) const
{
    if (!record)
        bad_free(block);
    auto const address = reinterpret_cast<uint64_t>(block);
    if (record->tag & PROTECTED_POOL && tag != record->tag)
        ke::bug_check(BAD_POOL_CALLER, 0xA, address, record->tag, tag,
                      "a pool block with a protected tag was freed with another tag");
    Page const& page = m_pages[(address - hal::kDirectMap) >> kPageShift];
    size_t const stride = page.use == PageUse::Slab ? m_classes[page.slab->size_class].stride : 0;
    uint64_t const next_header = address + stride - sizeof(PoolHeader);
    switch (damage_of(*record)) {
    case Damage::End:
        ke::bug_check(BAD_POOL_HEADER, 0x21, address, record->bytes,
                      stride ? *reinterpret_cast<uint64_t*>(next_header)
                             : *tail_guard(record->address, record->bytes, record->pages),
                      "the driver wrote behind the end of a pool block");
    case Damage::Header:
        ke::bug_check(BAD_POOL_HEADER, 0x20, address - sizeof(PoolHeader), next_header, 0,
                      "the header of a pool block was overwritten");
    case Damage::None:
        break;
    }
    Pfn const pfn = *locked_page_of(*record);
    ke::bug_check(PFN_LIST_CORRUPT, 0x9A, pfn, 0, mm::memory().locks.count(pfn),
                  "pool was freed whose pages an MDL still holds locked");
}

Block Pool::block_of(Record const& record)
{
    return { record.address, record.bytes, record.tag, record.number, static_cast<POOL_TYPE>(record.type), record.owner,
             record.caller };
}

std::optional<Block> Pool::find(void const* block) const
{
    Record* record = record_at(block);
    return record ? std::optional(block_of(*record)) : std::nullopt;
}

std::optional<Block> Pool::around(void const* address) const
{
    auto const at = reinterpret_cast<uintptr_t>(address);
    Pfn const pfn = (at - hal::kDirectMap) >> kPageShift;
    if (at < hal::kDirectMap || pfn >= m_frames)
        return std::nullopt;
    Page const& page = m_pages[pfn];
    Record const* record = nullptr;
    if (page.use == PageUse::Run)
        record = page.run;
    else if (page.use == PageUse::RunTail)
        record = m_pages[page.head].run;
    else if (page.use == PageUse::Slab) {
        SizeClass const& size_class = m_classes[page.slab->size_class];
        size_t const offset = at % kPageSize;
        if (offset < size_class.offset || (offset - size_class.offset) / size_class.stride >= size_class.count)
            return std::nullopt;
        record = &page.slab->records[(offset - size_class.offset) / size_class.stride];
    }
    if (!record || !record->number || at >= reinterpret_cast<uintptr_t>(record->address) + record->bytes)
        return std::nullopt;
    return block_of(*record);
}

std::vector<Block> Pool::blocks() const
{
    std::vector<Block> all;
    for (Slab const* slab = m_oldest; slab; slab = slab->younger)
        for (size_t i = 0; i < m_classes[slab->size_class].count; ++i)
            if (slab->records[i].number)
                all.push_back(block_of(slab->records[i]));
    for (Record const& record : m_run_records)
        if (record.number)
            all.push_back(block_of(record));
    std::ranges::sort(all, {}, &Block::number);
    return all;
}

// A header that the block before ran over is that block's damage.
std::vector<Block> Pool::damaged() const
{
    std::vector<Block> all;
    for (Slab const* slab = m_oldest; slab; slab = slab->younger)
        for (size_t i = 0; i < m_classes[slab->size_class].count; ++i) {
            Record const& record = slab->records[i];
            Damage const damage = record.number ? damage_of(*slab, record) : Damage::None;
            if (damage == Damage::End || (damage == Damage::Header && (!i || !slab->records[i - 1].number)))
                all.push_back(block_of(record));
        }
    for (Record const& record : m_run_records)
        if (record.number && damage_of_run(record) != Damage::None)
            all.push_back(block_of(record));
    std::ranges::sort(all, {}, &Block::number);
    return all;
}

// --- What the rooms above call -----------------------------------------------------------------------------------

void* allocate(POOL_TYPE type, size_t bytes, uint32_t tag, Owner owner, bool zero)
{
    return executive().pool.allocate(type, bytes, tag, owner, zero, owner == Owner::Driver ? mm::calling_driver() : 0);
}

void free(void* block, uint32_t tag) { executive().pool.free(block, tag); }
bool is_block(void const* block) { return executive().pool.find(block).has_value(); }
std::optional<Block> find_block(void const* block) { return executive().pool.find(block); }
std::optional<Block> block_around(void const* address) { return executive().pool.around(address); }

void for_each_block(void (*visit)(void* context, Block const& block), void* context)
{
    for (Block const& block : executive().pool.blocks())
        visit(context, block);
}

void for_each_damaged_block(void (*visit)(void* context, Block const& block), void* context)
{
    for (Block const& block : executive().pool.damaged())
        visit(context, block);
}

size_t driver_blocks() { return executive().pool.driver_blocks(); }
size_t driver_bytes() { return executive().pool.driver_bytes(); }

} // namespace ringside::ex
