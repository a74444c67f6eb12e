// SPDX-License-Identifier: MIT
// Sections and their views: the same pages wherever they are shown, until a copy is made on write.
#include "ke/guarded.h"
#include "memory_machine.h"
#include "mm/mdl.h"
#include "mm/section.h"
#include "mm/virtual_memory.h"

using namespace ringside;
using namespace ringside::nt;
using hal::kPageSize;
using test::MemoryMachine;

namespace {

struct TwoClients : MemoryMachine {
    TwoClients()
    {
        EXPECT_TRUE(mm::create_slice(first));
        EXPECT_TRUE(mm::create_slice(second));
    }
    ~TwoClients()
    {
        mm::delete_slice(first);
        mm::delete_slice(second);
    }
    mm::Sections& sections() { return rooms_memory.sections; }
    mm::Section& section(uint64_t bytes, ULONG protect = PAGE_READWRITE, ULONG attributes = SEC_COMMIT)
    {
        mm::Section& made = **sections().create(bytes, protect, attributes);
        sections().bind(made, this);
        return made;
    }
    uintptr_t view(mm::Section& section, ke::Process& process, mm::ViewRequest const& request = {})
    {
        auto view = sections().map(section, process, request);
        EXPECT_TRUE(view.ok()) << std::hex << view.status();
        return view.ok() ? view->base : 0;
    }
    NTSTATUS mapping(mm::Section& section, mm::ViewRequest const& request)
    {
        return sections().map(section, first, request).status();
    }
    // What a process reads and writes, whichever is open.
    char byte(ke::Process& process, uintptr_t at)
    {
        char value = '?';
        mm::read_process(process, &value, reinterpret_cast<void*>(at), 1);
        return value;
    }

    ke::Process first, second;
};

char* pointer(uintptr_t at) { return reinterpret_cast<char*>(at); }

} // namespace

// A section is shown twice in one process, once in another, and once in system space.
// Shows: each sees what any wrote; the pages live as long as something shows them.
TEST(mm_section, all_views_show_the_same_pages)
{
    TwoClients machine;
    size_t free_before = 0;
    machine.run_client(machine.first, [&] {
        free_before = machine.memory.free_pages();
        mm::Section& section = machine.section(0x15000);
        EXPECT_EQ(machine.memory.free_pages(), free_before - 0x15);
        uintptr_t const a = machine.view(section, machine.first);
        uintptr_t const b = machine.view(section, machine.first, { .offset = 0x10000, .bytes = 1 });
        uintptr_t const c = machine.view(section, machine.second, { .protect = PAGE_READONLY });
        auto in_system = machine.sections().map_in_system(section, 0x10000, 0);
        ASSERT_TRUE(in_system.ok());
        EXPECT_EQ(in_system->bytes, 0x5000u);

        *pointer(a + 0x10005) = 'a';
        EXPECT_EQ(*pointer(b + 5), 'a');
        EXPECT_EQ(*pointer(in_system->base + 5), 'a');
        EXPECT_EQ(machine.byte(machine.second, c + 0x10005), 'a');
        *pointer(in_system->base + 6) = 's';
        EXPECT_EQ(*pointer(a + 0x10006), 's');
        EXPECT_FALSE(ke::read_guarded<char>(pointer(b + 0x1000))) << "the view is one page";
        auto const info = *mm::query_memory(machine.first, a + 0x1000);
        EXPECT_EQ(info.AllocationBase, pointer(a));
        EXPECT_EQ(info.Type, MEM_MAPPED);
        EXPECT_EQ(info.RegionSize, 0x14000u);

        machine.sections().object_gone(section);
        EXPECT_TRUE(machine.sections().unmap(machine.first, a + 0x3123)) << "any address within will do";
        EXPECT_FALSE(ke::read_guarded<char>(pointer(a)));
        EXPECT_EQ(machine.sections().unmap(machine.first, a).status(), STATUS_NOT_MAPPED_VIEW);
        EXPECT_EQ(*pointer(b + 6), 's');
        EXPECT_TRUE(machine.sections().unmap(machine.first, b));
        EXPECT_TRUE(machine.sections().unmap_in_system(in_system->base));
        EXPECT_EQ(machine.rooms_memory.residue().sections, 1u);
        EXPECT_TRUE(machine.sections().unmap(machine.second, c));
        EXPECT_EQ(machine.memory.free_pages(), free_before);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// A view is copied on write, by the client, by a driver's lock, and by a copy from elsewhere.
// Shows: what is written stays with the process; the page is then an ordinary one; the section keeps its own.
TEST(mm_section, copy_on_write)
{
    TwoClients machine;
    mm::Section& section = machine.section(0x4000);
    uintptr_t const shared = machine.view(section, machine.first);
    uintptr_t const own = machine.view(section, machine.first, { .protect = PAGE_WRITECOPY });
    machine.run_client(machine.first, [&] {
        *pointer(shared) = 'o';
        EXPECT_EQ(*pointer(own), 'o') << "until it is written, it is the same page";
        *pointer(own + 1) = 'x';
        *pointer(shared) = 'n';
        EXPECT_EQ(*pointer(own), 'o');
        EXPECT_EQ(*pointer(shared + 1), '\0');
        EXPECT_EQ(mm::query_memory(machine.first, own)->Protect, PAGE_READWRITE);
        EXPECT_EQ(mm::query_memory(machine.first, own + 0x1000)->Protect, PAGE_WRITECOPY);

        MDL* mdl = mm::IoAllocateMdl(pointer(own + 0x1000), 0x1000, FALSE, FALSE, nullptr);
        mm::MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        *static_cast<char*>(mm::system_address(mdl)) = 'd';
        EXPECT_EQ(*pointer(own + 0x1000), 'd');
        EXPECT_EQ(*pointer(shared + 0x1000), '\0');
        mm::MmUnlockPages(mdl);
        mm::IoFreeMdl(mdl);
        // Made copy-on-write once more, a page that has its copy keeps it.
        EXPECT_TRUE(mm::protect_memory(machine.first, own, 0x4000, PAGE_WRITECOPY, KernelMode));
        EXPECT_EQ(mm::query_memory(machine.first, own)->Protect, PAGE_READWRITE);
        EXPECT_EQ(*pointer(own), 'o');
        EXPECT_EQ(mm::query_memory(machine.first, own)->RegionSize, 0x2000u);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    size_t const before = machine.memory.free_pages();
    EXPECT_TRUE(machine.sections().unmap(machine.first, own));
    EXPECT_EQ(machine.memory.free_pages(), before + 2) << "the copies go with their view";
    EXPECT_TRUE(machine.sections().unmap(machine.first, shared));
    machine.sections().object_gone(section);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {});
}

// A section whose pages come when they are committed, through one of two views.
// Shows: the other view has them, too, with its own protection; the rest stays reserved.
TEST(mm_section, reserved_pages_are_committed_for_all_views)
{
    TwoClients machine;
    mm::Section& section = machine.section(0x8000, PAGE_READWRITE, SEC_RESERVE);
    uintptr_t const a = machine.view(section, machine.first, { .commit_bytes = 1 });
    uintptr_t const b = machine.view(section, machine.second, { .protect = PAGE_READONLY });
    EXPECT_EQ(mm::query_memory(machine.first, a)->RegionSize, 0x1000u);
    EXPECT_EQ(mm::query_memory(machine.second, b)->State, MEM_COMMIT);
    EXPECT_EQ(mm::query_memory(machine.second, b + 0x1000)->State, MEM_RESERVE);
    auto commit = [&](ke::Process& process, uintptr_t at, ULONG protect) {
        return mm::allocate_memory(process, at, 0, 0x2000, MEM_COMMIT, protect).status();
    };
    EXPECT_EQ(commit(machine.first, a + 0x3000, PAGE_EXECUTE_READ), STATUS_SECTION_PROTECTION);
    EXPECT_EQ(commit(machine.first, a + 0x3000, PAGE_READWRITE), STATUS_SUCCESS);
    EXPECT_EQ(mm::query_memory(machine.second, b + 0x3000)->RegionSize, 0x2000u);
    EXPECT_EQ(mm::query_memory(machine.second, b + 0x3000)->Protect, PAGE_READONLY);
    EXPECT_EQ(mm::query_memory(machine.first, a + 0x5000)->State, MEM_RESERVE);
    EXPECT_EQ(mm::free_memory(machine.first, a, 0x1000, MEM_DECOMMIT, KernelMode).status(),
              STATUS_UNABLE_TO_DECOMMIT_VM);
    EXPECT_EQ(mm::free_memory(machine.first, a, 0, MEM_RELEASE, KernelMode).status(), STATUS_UNABLE_TO_DELETE_SECTION);
    machine.run_client(machine.first, [&] {
        *pointer(a + 0x4000) = 'x';
        EXPECT_EQ(machine.byte(machine.second, b + 0x4000), 'x');
        EXPECT_FALSE(ke::read_guarded<char>(pointer(a + 0x2000)));
    });
    machine.sections().object_gone(section);
}

// Every refusal.
TEST(mm_section, refusals)
{
    TwoClients machine;
    auto creating = [&](uint64_t bytes, ULONG protect, ULONG attributes) {
        return machine.sections().create(bytes, protect, attributes).status();
    };
    EXPECT_EQ(creating(0, PAGE_READWRITE, SEC_COMMIT), STATUS_INVALID_PARAMETER_4);
    EXPECT_EQ(creating(1, PAGE_READWRITE, 0), STATUS_INVALID_PARAMETER_6);
    EXPECT_EQ(creating(1, PAGE_READWRITE, SEC_COMMIT | SEC_RESERVE), STATUS_INVALID_PARAMETER_6);
    EXPECT_EQ(creating(1, PAGE_READWRITE, SEC_COMMIT | SEC_LARGE_PAGES), STATUS_INVALID_PARAMETER_6);
    EXPECT_EQ(creating(1, PAGE_READWRITE, SEC_IMAGE), STATUS_INVALID_FILE_FOR_SECTION);
    EXPECT_EQ(creating(1, PAGE_NOACCESS, SEC_COMMIT), STATUS_INVALID_PAGE_PROTECTION);
    EXPECT_EQ(creating(1, PAGE_READWRITE | PAGE_NOCACHE, SEC_COMMIT), STATUS_INVALID_PAGE_PROTECTION);
    EXPECT_EQ(creating(uint64_t { 1 } << 50, PAGE_READWRITE, SEC_RESERVE), STATUS_SECTION_TOO_BIG);
    EXPECT_EQ(creating(hal::kGiB, PAGE_READWRITE, SEC_COMMIT), STATUS_COMMITMENT_LIMIT);

    mm::Section& section = machine.section(0x20000, PAGE_READONLY);
    struct {
        NTSTATUS expected;
        mm::ViewRequest request;
    } const cases[] = {
        { STATUS_INVALID_PARAMETER_8, { .inherit = static_cast<SECTION_INHERIT>(3), .protect = PAGE_READONLY } },
        { STATUS_INVALID_PARAMETER_9, { .type = MEM_COMMIT, .protect = PAGE_READONLY } },
        { STATUS_INVALID_PARAMETER_4, { .zero_bits = 21, .protect = PAGE_READONLY } },
        { STATUS_NO_MEMORY, { .zero_bits = 1, .protect = PAGE_READONLY } },
        { STATUS_INVALID_PARAMETER_3, { .base = hal::kDirectMap, .protect = PAGE_READONLY } },
        { STATUS_INVALID_PAGE_PROTECTION, { .protect = 0 } },
        { STATUS_INVALID_PAGE_PROTECTION, { .protect = PAGE_READONLY | PAGE_GUARD } },
        { STATUS_SECTION_PROTECTION, { .protect = PAGE_READWRITE } },
        { STATUS_SECTION_PROTECTION, { .protect = PAGE_EXECUTE_READ } },
        { STATUS_INVALID_VIEW_SIZE, { .offset = 0x20000, .protect = PAGE_READONLY } },
        { STATUS_INVALID_VIEW_SIZE, { .offset = 0x10000, .bytes = 0x10001, .protect = PAGE_READONLY } },
        { STATUS_MAPPED_ALIGNMENT, { .offset = 0x1000, .protect = PAGE_READONLY } },
        { STATUS_MAPPED_ALIGNMENT, { .base = machine.first.slice + 0x11000, .protect = PAGE_READONLY } },
    };
    for (auto const& c : cases)
        EXPECT_EQ(machine.mapping(section, c.request), c.expected) << std::hex << c.expected;
    uintptr_t const at = machine.first.slice + 0x50000;
    EXPECT_EQ(machine.view(section, machine.first, { .base = at, .protect = PAGE_READONLY }), at);
    EXPECT_EQ(machine.mapping(section, { .base = at + 0x10000, .protect = PAGE_READONLY }),
              STATUS_CONFLICTING_ADDRESSES);
    EXPECT_EQ(mm::protect_memory(machine.first, at, 1, PAGE_READWRITE, KernelMode).status(), STATUS_SECTION_PROTECTION);
    EXPECT_TRUE(mm::protect_memory(machine.first, at, 1, PAGE_WRITECOPY, KernelMode));
    EXPECT_EQ(mm::allocate_memory(machine.first, at, 0, 1, MEM_RESERVE, PAGE_READWRITE).status(),
              STATUS_CONFLICTING_ADDRESSES);
    EXPECT_EQ(machine.sections().map_in_system(section, 0x20000, 0).status(), STATUS_INVALID_VIEW_SIZE);
    EXPECT_EQ(machine.sections().map_in_system(section, 0x1000, 0).status(), STATUS_MAPPED_ALIGNMENT);
    EXPECT_EQ(machine.sections().unmap_in_system(at).status(), STATUS_NOT_MAPPED_VIEW);
    EXPECT_EQ(section.views, 1u) << "refusals make no views";
    machine.sections().object_gone(section);
}

// Physical memory as a section.
// Shows: any address can be named, the view begins at the 64 KiB border below; memory and devices, and nothing else.
TEST(mm_section, physical_memory)
{
    TwoClients machine;
    ASSERT_TRUE(machine.memory.add_device(0xFEB0'0000, 0x20000, "registers"));
    mm::Section& physical = machine.sections().create_physical();
    machine.sections().bind(physical, &physical);
    auto page = *machine.memory.allocate(1);
    auto* direct = static_cast<char*>(hal::PhysicalMemory::address_of(page));
    uint64_t const address = page * kPageSize;
    machine.run_client(machine.first, [&] {
        auto view = machine.sections().map(physical, machine.first, { .offset = address, .bytes = 0x1000 });
        ASSERT_TRUE(view.ok());
        EXPECT_EQ(view->offset, address & ~0xFFFFull);
        *pointer(view->base + (address - view->offset)) = 'p';
        EXPECT_EQ(*direct, 'p');
        auto device = machine.sections().map(physical, machine.first, { .offset = 0xFEB1'0000, .bytes = 0x10000 });
        ASSERT_TRUE(device.ok());
        *pointer(device->base + 4) = 'd';
        auto again = machine.sections().map(physical, machine.first, { .offset = 0xFEB0'0000, .bytes = 0x20000 });
        ASSERT_TRUE(again.ok());
        EXPECT_EQ(*pointer(again->base + 0x10004), 'd');
        EXPECT_EQ(machine.mapping(physical, { .offset = 0xFEB1'0000, .bytes = 0x20000 }), STATUS_INVALID_VIEW_SIZE);
        EXPECT_EQ(machine.mapping(physical, { .offset = 0xFE00'0000, .bytes = 1 }), STATUS_INVALID_VIEW_SIZE);
        EXPECT_EQ(machine.mapping(physical, { .offset = address, .bytes = 1, .protect = PAGE_WRITECOPY }),
                  STATUS_SECTION_PROTECTION);
        EXPECT_EQ(machine.sections().map_in_system(physical, 0, 0x1000).status(), STATUS_INVALID_VIEW_SIZE);
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
    EXPECT_EQ(machine.rooms_memory.residue(), mm::Residue {}) << "it belongs to the machine, not to a driver";
}
