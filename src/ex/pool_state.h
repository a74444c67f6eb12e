// SPDX-License-Identifier: MIT
// The pool allocator behind pool.h. A slab's records are one array beside the page; a slab with free blocks stands
// in its class' list, and its free blocks in a list of record indexes, newest first: addresses are a function of the
// calls.
//
// Executable pool (NonPagedPool without Nx) has slabs of its own. A page becomes executable when code is first fetched
// from it, for most of that pool only ever holds data, and stops being so when it leaves the pool.
#pragma once

#include "ex/pool.h"
#include "hal/physical.h"
#include "ke/thread.h"

#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace ringside::ex {

class Pool {
public:
    explicit Pool(hal::PhysicalMemory& physical);
    ~Pool();
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;

    void* allocate(nt::POOL_TYPE type, size_t bytes, uint32_t tag, Owner owner, bool zero, uint64_t caller);
    void free(void* block, uint32_t tag);
    // The live block's charge, given back when it is freed.
    void set_charge(void* block, ke::Process& process);
    void forget_charges(ke::Process const& process);
    // Memory that a request of this priority may not touch is all that is left.
    bool refuses(nt::EX_POOL_PRIORITY priority, size_t bytes) const;
    // An instruction fetch from this page faulted: whether it is executable pool, and now can be fetched from.
    bool let_execute(uintptr_t address);
    std::optional<Block> find(void const* block) const;
    std::optional<Block> around(void const* address) const;
    std::vector<Block> blocks() const; // in order of birth
    std::vector<Block> damaged() const;

    size_t driver_blocks() const { return m_driver_blocks; }
    size_t driver_bytes() const { return m_driver_bytes; }

private:
    struct Record {
        char* address = nullptr;
        uint64_t caller = 0;
        size_t bytes = 0;
        uint32_t tag = 0;
        uint32_t number = 0; // 0: free
        uint32_t pages = 0;  // of a run
        uint16_t next = 0;   // free list of a slab: index + 1
        int16_t type = 0;
        Owner owner = Owner::Kernel;
        bool charged = false; // to a process: see m_charges
    };
    struct Charge {
        ke::Process* process;
        uint64_t bytes;
        bool paged;
    };
    struct Slab {
        Slab* next = nullptr;     // in its class' list of slabs with free blocks
        Slab* previous = nullptr;
        Slab* older = nullptr;    // all slabs
        Slab* younger = nullptr;
        hal::Pfn pfn = 0;
        uint16_t size_class = 0;
        uint16_t used = 0;
        uint16_t first_free = 0; // index + 1
        std::unique_ptr<Record[]> records;
    };
    struct SizeClass {
        uint16_t offset = 0; // of the first block
        uint16_t stride = 0;
        uint16_t count = 0;  // blocks in a page
        uint16_t room = 0;   // bytes a block can hold
        uint32_t reciprocal = 0; // offset / stride == offset * reciprocal >> 24, for offsets inside a page
        Slab* partial = nullptr;
    };
    enum class PageUse : uint8_t { Other, Slab, Run, RunTail, FreedRun };
    struct Page {
        union {
            Slab* slab;
            Record* run;     // Run
            uint64_t head;   // RunTail: the run's first frame
        };
        PageUse use;
        bool may_execute; // executable pool
        bool executes;    // and code ran here: the host's page is executable
    };
    struct Release {
        void operator()(Page* pages) const { std::free(pages); }
    };

    static constexpr size_t kClassesMax = 96;
    static constexpr size_t kInPageMax = hal::kPageSize - 16; // the largest block in a slab
    static constexpr size_t kCachedPagesMax = 64;
    static constexpr size_t kCachedRunPages = 16; // runs up to this size are kept for their next user
    static constexpr size_t kCachedRunsMax = 4;

    void add_class(uint16_t offset, uint16_t stride);
    void free_pages_of(hal::Pfn first, size_t count);
    void give_charge_back(Record& record);
    Slab* grow(SizeClass& size_class);
    void shrink(SizeClass& size_class, Slab& slab);
    void enlist(SizeClass& size_class, Slab& slab);
    void delist(SizeClass& size_class, Slab& slab);
    void* allocate_run(size_t bytes, bool executable, Record*& record);
    void free_run(Record& record);
    std::optional<hal::Pfn> take_pages(size_t count);
    void drop_caches();
    Record* record_at(void const* block, bool* was_block = nullptr) const;
    // What somebody wrote over.
    enum class Damage : uint8_t { None, Header, End };
    Damage damage_of(Slab const& slab, Record const& record) const;
    static Damage damage_of_run(Record const& record);
    Damage damage_of(Record const& record) const;
    // Whether the block may be freed with this tag; if not, the bug check that says why.
    bool is_in_order(Record const* record, uint32_t tag) const;
    [[noreturn]] void refuse(void* block, Record const* record, uint32_t tag) const;
    std::optional<hal::Pfn> locked_page_of(Record const& record) const; // of a run
    static Block block_of(Record const& record);
    [[noreturn]] void bad_free(void* block) const;

    hal::PhysicalMemory& m_physical;
    size_t m_frames;
    std::unique_ptr<Page[], Release> m_pages; // by frame; from calloc: untouched ones cost nothing
    std::array<SizeClass, kClassesMax> m_classes;
    size_t m_class_count = 0;
    size_t m_executable_classes = 0; // the first of them: the same sizes again, on pages of their own
    std::array<uint8_t, hal::kPageSize / 16 + 1> m_class_of {};         // by 16-byte units, rounded up
    std::array<uint8_t, hal::kPageSize / 16 + 1> m_aligned_class_of {}; // cache-aligned blocks
    Slab* m_oldest = nullptr;
    Slab* m_youngest = nullptr;
    std::deque<Record> m_run_records;
    std::vector<Record*> m_free_run_records;
    std::vector<hal::Pfn> m_cached_pages;
    std::array<std::vector<hal::Pfn>, kCachedRunPages + 1> m_cached_runs;
    std::map<uint32_t, Charge> m_charges; // by block number
    uint32_t m_born = 0;
    size_t m_driver_blocks = 0;
    size_t m_driver_bytes = 0;
};

} // namespace ringside::ex
