// SPDX-License-Identifier: MIT
// Sections of images go and come.
#include "ke/guarded.h"
#include "memory_machine.h"
#include "mm/driver_paging.h"
#include "mm/physical_address.h"

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;

namespace {

struct Loaded : MemoryMachine {
    Loaded()
    {
        base = reinterpret_cast<uintptr_t>(hal::PhysicalMemory::address_of(*memory.allocate(3)));
        using sim::host::Access;
        images().add({ .base = base,
                       .bytes = 0x3000,
                       .sections = { { .name = ".data", .begin = base, .bytes = 0x1000, .access = Access::ReadWrite },
                                     { .name = "PAGE",
                                       .begin = base + 0x1000,
                                       .bytes = 0x1000,
                                       .access = Access::ReadWrite,
                                       .pageable = true },
                                     { .name = "INIT",
                                       .begin = base + 0x2000,
                                       .bytes = 0x1000,
                                       .access = Access::ReadWrite,
                                       .pageable = true,
                                       .discardable = true } } });
    }
    mm::ImagePaging& images() { return rooms_memory.images; }
    char* at(size_t offset) { return reinterpret_cast<char*>(base + offset); }
    std::string away()
    {
        std::string names;
        for (size_t offset : { 0, 0x1000, 0x2000 })
            if (images().is_away(base + offset))
                names += images().section_at(base + offset)->name + ' ';
        return names;
    }
    uintptr_t base;
};

} // namespace

// Shows: only what is pageable and not locked goes; a touch brings it back with its contents; locks count.
TEST(mm_image_paging, sections_go_and_come)
{
    Loaded machine;
    machine.run_system([&] {
        *machine.at(0x1010) = 'x';
        machine.images().discarded(machine.base + 0x2000);
        machine.images().trim();
        EXPECT_EQ(machine.away(), "PAGE ");
        EXPECT_FALSE(mm::MmIsAddressValid(machine.at(0x1010)));
        EXPECT_EQ(ke::read_guarded<char>(machine.at(0x1010)), 'x');
        EXPECT_EQ(machine.away(), "");
        EXPECT_EQ(machine.images().page_ins, 1u);

        PVOID const handle = mm::MmLockPagableDataSection(machine.at(0x1234));
        mm::MmLockPagableSectionByHandle(handle);
        EXPECT_EQ(machine.images().locked(), 1u);
        mm::MmUnlockPagableImageSection(handle);
        machine.images().trim();
        EXPECT_EQ(machine.away(), "") << "locked twice, unlocked once";
        mm::MmUnlockPagableImageSection(handle);
        mm::MmPageEntireDriver(machine.at(0));
        machine.images().trim();
        EXPECT_EQ(machine.away(), ".data PAGE ");
        mm::MmResetDriverPaging(machine.at(0));
        EXPECT_EQ(machine.away(), "PAGE ");
        machine.images().remove(machine.base);
        EXPECT_EQ(machine.away(), "");
    });
    EXPECT_EQ(machine.kernel.crash(), nullptr);
}

// Shows: at DISPATCH_LEVEL nothing comes back; the address is told.
TEST(mm_image_paging, too_late_at_dispatch_level)
{
    Loaded machine;
    EXPECT_TRUE(machine.bug_checks(IRQL_NOT_LESS_OR_EQUAL, machine.base + 0x1010, [&] {
        machine.images().trim();
        machine.kernel.raise_irql(DISPATCH_LEVEL);
        char byte;
        ke::copy_or_raise(&byte, machine.at(0x1010), 1);
    }));
}
