// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=debugger/bug-check-0xc2--bad-pool-caller
// @cite(wdk-docs): page=debugger/bug-check-0x19--bad-pool-header
#include "ex/pool_state.h"

#include "base/check.h"
#include "ex/pool_guard.h"
#include "ke/gate.h"
#include "ke/kernel.h"

#include <cstring>

namespace ringside::ex {

using namespace nt;
using hal::kPageShift;
using hal::kPageSize;
using hal::Pfn;
using hal::PhysicalMemory;

namespace {

constexpr int kFreedByte = 0xDD; // what verified mode fills freed blocks with
constexpr uint8_t kNoClass = 0xFF;

} // namespace

Pool::Pool(hal::PhysicalMemory& physical)
    : m_physical(physical), m_frames(physical.bytes() >> kPageShift),
      m_pages(static_cast<Page*>(std::calloc(m_frames, sizeof(Page))))
{
    CHECK(m_pages, "the host is out of memory");
    // As many blocks as a page holds, for each count that gives another size.
    for (uint16_t stride = 32; stride <= 512; stride = static_cast<uint16_t>(stride + (stride < 256 ? 16 : 32)))
        add_class(16, stride);
    for (uint16_t count : { 7, 6, 5, 4, 3, 2, 1 })
        add_class(16, static_cast<uint16_t>(kPageSize / count & ~15u));
    for (uint16_t stride : { 64, 128, 192, 256, 320, 448, 640, 960, 1344, 1984, 4032 })
        add_class(64, stride);
    m_executable_classes = m_class_count;
    for (size_t c = 0; c < m_executable_classes; ++c)
        add_class(m_classes[c].offset, m_classes[c].stride);
    auto fill = [&](auto& table, bool aligned) {
        for (size_t units = 0; units < table.size(); ++units) {
            table[units] = kNoClass;
            for (size_t c = 0; c < m_executable_classes; ++c)
                if ((m_classes[c].offset == 64) == aligned && m_classes[c].room >= units * 16) {
                    table[units] = static_cast<uint8_t>(c);
                    break;
                }
        }
    };
    fill(m_class_of, false);
    fill(m_aligned_class_of, true);
}

Pool::~Pool()
{
    while (Slab* slab = m_oldest) {
        m_oldest = slab->younger;
        delete slab;
    }
}

void Pool::add_class(uint16_t offset, uint16_t stride)
{
    CHECK(m_class_count < kClassesMax, "too many size classes");
    SizeClass& c = m_classes[m_class_count++];
    c.offset = offset;
    c.stride = stride;
    c.count = static_cast<uint16_t>((kPageSize - offset + sizeof(PoolHeader)) / stride);
    c.room = static_cast<uint16_t>(stride - sizeof(PoolHeader));
    c.reciprocal = ((1u << 24) + stride - 1) / stride;
}

void Pool::enlist(SizeClass& size_class, Slab& slab)
{
    slab.previous = nullptr;
    slab.next = size_class.partial;
    if (slab.next)
        slab.next->previous = &slab;
    size_class.partial = &slab;
}

void Pool::delist(SizeClass& size_class, Slab& slab)
{
    (slab.previous ? slab.previous->next : size_class.partial) = slab.next;
    if (slab.next)
        slab.next->previous = slab.previous;
    slab.next = slab.previous = nullptr;
}

void Pool::drop_caches()
{
    for (Pfn pfn : m_cached_pages)
        m_physical.free(pfn, 1);
    m_cached_pages.clear();
    for (size_t count = 0; count < m_cached_runs.size(); ++count) {
        for (Pfn pfn : m_cached_runs[count])
            m_physical.free(pfn, count);
        m_cached_runs[count].clear();
    }
}

std::optional<Pfn> Pool::take_pages(size_t count)
{
    auto& cache = count == 1 ? m_cached_pages : m_cached_runs[count <= kCachedRunPages ? count : 0];
    if (!cache.empty()) {
        Pfn pfn = cache.back();
        cache.pop_back();
        return pfn;
    }
    auto pfn = m_physical.allocate(count);
    if (!pfn) {
        drop_caches();
        pfn = m_physical.allocate(count);
    }
    return pfn;
}

Pool::Slab* Pool::grow(SizeClass& size_class)
{
    auto pfn = take_pages(1);
    if (!pfn)
        return nullptr;
    auto* slab = new Slab;
    slab->pfn = *pfn;
    slab->size_class = static_cast<uint16_t>(&size_class - m_classes.data());
    slab->records = std::make_unique<Record[]>(size_class.count);
    auto* page = static_cast<char*>(PhysicalMemory::address_of(*pfn));
    for (uint16_t i = 0; i < size_class.count; ++i) {
        Record& record = slab->records[i];
        record.address = page + size_class.offset + i * size_class.stride;
        record.next = static_cast<uint16_t>(i + 1 < size_class.count ? i + 2 : 0);
        write_guards(record.address);
    }
    slab->first_free = 1;
    slab->older = m_youngest;
    (m_youngest ? m_youngest->younger : m_oldest) = slab;
    m_youngest = slab;
    m_pages[*pfn].slab = slab;
    m_pages[*pfn].use = PageUse::Slab;
    m_pages[*pfn].may_execute = slab->size_class >= m_executable_classes;
    enlist(size_class, *slab);
    return slab;
}

// An empty slab goes when its class has another with room.
void Pool::shrink(SizeClass& size_class, Slab& slab)
{
    if (!slab.next && !slab.previous)
        return;
    delist(size_class, slab);
    (slab.older ? slab.older->younger : m_oldest) = slab.younger;
    (slab.younger ? slab.younger->older : m_youngest) = slab.older;
    free_pages_of(slab.pfn, 1);
    if (m_cached_pages.size() < kCachedPagesMax)
        m_cached_pages.push_back(slab.pfn);
    else
        m_physical.free(slab.pfn, 1);
    delete &slab;
}

void Pool::free_pages_of(Pfn first, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        Page& page = m_pages[first + i];
        page.use = PageUse::FreedRun;
        page.may_execute = false;
        if (page.executes) [[unlikely]] {
            page.executes = false;
            sim::host::set_access(reinterpret_cast<uintptr_t>(PhysicalMemory::address_of(first + i)), kPageSize,
                                  sim::host::Access::ReadWrite);
        }
    }
}

bool Pool::let_execute(uintptr_t address)
{
    Pfn const pfn = (address - hal::kDirectMap) >> kPageShift;
    if (address < hal::kDirectMap || pfn >= m_frames || !m_pages[pfn].may_execute || m_pages[pfn].executes)
        return false;
    m_pages[pfn].executes = true;
    sim::host::set_access(hal::page_of(address), kPageSize, sim::host::Access::All);
    return true;
}

void* Pool::allocate_run(size_t bytes, bool executable, Record*& record)
{
    if (bytes > m_physical.bytes())
        return nullptr;
    size_t const count = hal::page_round_up(bytes) >> kPageShift;
    auto pfn = take_pages(count);
    if (!pfn)
        return nullptr;
    if (m_free_run_records.empty())
        record = &m_run_records.emplace_back();
    else {
        record = m_free_run_records.back();
        m_free_run_records.pop_back();
    }
    auto* block = static_cast<char*>(PhysicalMemory::address_of(*pfn));
    record->address = block;
    record->pages = static_cast<uint32_t>(count);
    m_pages[*pfn].run = record;
    m_pages[*pfn].use = PageUse::Run;
    for (size_t i = 1; i < count; ++i) {
        m_pages[*pfn + i].head = *pfn;
        m_pages[*pfn + i].use = PageUse::RunTail;
    }
    if (executable)
        for (size_t i = 0; i < count; ++i)
            m_pages[*pfn + i].may_execute = true;
    if (uint64_t* guard = tail_guard(block, bytes, count))
        *guard = kGuardHigh ^ reinterpret_cast<uint64_t>(block);
    return block;
}

void Pool::free_run(Record& record)
{
    Pfn const first = (reinterpret_cast<uintptr_t>(record.address) - hal::kDirectMap) >> kPageShift;
    size_t const count = record.pages;
    free_pages_of(first, count);
    auto& cache = count == 1 ? m_cached_pages : m_cached_runs[count <= kCachedRunPages ? count : 0];
    if (count <= kCachedRunPages && cache.size() < (count == 1 ? kCachedPagesMax : kCachedRunsMax))
        cache.push_back(first);
    else
        m_physical.free(first, count);
    m_free_run_records.push_back(&record);
}

void* Pool::allocate(POOL_TYPE type, size_t bytes, uint32_t tag, Owner owner, bool zero, uint64_t caller)
{
    size_t const units = (bytes + 15) / 16;
    Record* record = nullptr;
    char* block;
    uint8_t index = kNoClass;
    if (bytes <= kInPageMax) [[likely]]
        index = type & NonPagedPoolBaseCacheAligned ? m_aligned_class_of[units] : m_class_of[units];
    // Neither paged nor marked Nx.
    bool const executable = !(type & (PagedPool | NonPagedPoolNx));
    if (index != kNoClass) [[likely]] {
        SizeClass& size_class = m_classes[index + (executable ? m_executable_classes : 0)];
        Slab* slab = size_class.partial;
        if (!slab) [[unlikely]] {
            slab = grow(size_class);
            if (!slab)
                return nullptr;
        }
        record = &slab->records[slab->first_free - 1];
        slab->first_free = record->next;
        ++slab->used;
        if (!slab->first_free) [[unlikely]]
            delist(size_class, *slab);
        block = record->address;
        header_of(block).tag = tag;
    } else {
        block = static_cast<char*>(allocate_run(bytes, executable, record));
        if (!block)
            return nullptr;
    }
    record->bytes = bytes;
    record->tag = tag;
    record->number = ++m_born;
    record->type = static_cast<int16_t>(type);
    record->owner = owner;
    record->caller = caller;
    if (owner == Owner::Driver) {
        ++m_driver_blocks;
        m_driver_bytes += bytes;
    }
    if (zero)
        std::memset(block, 0, bytes);
    return block;
}

bool Pool::is_in_order(Record const* record, uint32_t tag) const
{
    if (!record || (record->tag & PROTECTED_POOL && tag != record->tag)) [[unlikely]]
        return false;
    Page const& page = m_pages[(reinterpret_cast<uintptr_t>(record->address) - hal::kDirectMap) >> kPageShift];
    if (page.use == PageUse::Slab) [[likely]]
        return damage_of(*page.slab, *record) == Damage::None;
    return damage_of_run(*record) == Damage::None && !locked_page_of(*record);
}

void Pool::free(void* block, uint32_t tag)
{
    Record* record = record_at(block);
    if (!is_in_order(record, tag)) [[unlikely]] {
        if (!ke::kernel().running())
            return;
        refuse(block, record, tag);
    }
    Page& page = m_pages[(reinterpret_cast<uintptr_t>(block) - hal::kDirectMap) >> kPageShift];
    if (ke::g_binding == ke::Binding::Verified)
        std::memset(block, kFreedByte, record->bytes);
    if (record->owner == Owner::Driver) {
        --m_driver_blocks;
        m_driver_bytes -= record->bytes;
    }
    if (record->charged) [[unlikely]]
        give_charge_back(*record);
    record->number = 0;
    if (page.use == PageUse::Run) {
        free_run(*record);
        return;
    }
    Slab& slab = *page.slab;
    SizeClass& size_class = m_classes[slab.size_class];
    if (!slab.first_free)
        enlist(size_class, slab);
    record->next = slab.first_free;
    slab.first_free = static_cast<uint16_t>(record - slab.records.get() + 1);
    if (--slab.used == 0) [[unlikely]]
        shrink(size_class, slab);
}

} // namespace ringside::ex
