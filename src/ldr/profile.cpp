// SPDX-License-Identifier: MIT
#include "ldr/profile.h"

#include "hal/processor.h"
#include "sim/world.h"

#include <algorithm>
#include <cstring>

namespace ringside::ldr {

namespace {

struct Leaf {
    uint32_t leaf;
    Identity values;
};

constexpr uint32_t word(char const* text)
{
    return static_cast<uint32_t>(static_cast<unsigned char>(text[0]))
        | static_cast<uint32_t>(static_cast<unsigned char>(text[1])) << 8
        | static_cast<uint32_t>(static_cast<unsigned char>(text[2])) << 16
        | static_cast<uint32_t>(static_cast<unsigned char>(text[3])) << 24;
}

constexpr uint32_t kBasicLast = 0x16;
constexpr uint32_t kHypervisorLast = 0x40000001;
constexpr uint32_t kExtendedLast = 0x80000008;

// Family 6, model 44: the last of its makers' processors without AVX. Leaf 1's ebx is completed per processor.
constexpr Leaf kLeaves[] = {
    { 0x00000000, { kBasicLast, word("Genu"), word("ntel"), word("ineI") } },
    // ecx: SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT RDRAND hypervisor; edx: FPU DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR
    // PGE MCA CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2 HTT
    { 0x00000001, { 0x000206C2, 0x00000800, 0xC0982201, 0x178BFBFD } },
    { 0x00000007, { 0, 0x00040000, 0, 0 } }, // RDSEED
    { 0x00000015, { 2, 200, 24'000'000, 0 } }, // crystal at 24 MHz times 100
    { 0x00000016, { 2400, 2400, 100, 0 } },
    { 0x40000000, { kHypervisorLast, word("Ring"), word("side"), word("Ring") } },
    { 0x40000001, { 0, 0, 0, 0 } },
    { 0x80000000, { kExtendedLast, 0, 0, 0 } },
    { 0x80000001, { 0, 0, 0x00000101, 0x28100800 } }, // LAHF PREFETCHW; SYSCALL NX RDTSCP LM
    { 0x80000002, { word("Ring"), word("side"), word(" vir"), word("tual") } },
    { 0x80000003, { word(" pro"), word("cess"), word("or @"), word(" 2.4") } },
    { 0x80000004, { word("0GHz"), 0, 0, 0 } },
    { 0x80000006, { 0, 0, 0x01006040, 0 } }, // second-level cache: 256 KiB, 8-way, lines of 64
    { 0x80000007, { 0, 0, 0, 0x00000100 } }, // the time stamp counter is invariant
    { 0x80000008, { 0x0000302E, 0, 0, 0 } }, // 46 physical, 48 virtual address bits
};

struct Msr {
    uint32_t number;
    uint64_t value;
};

// An entry point of the kernel's that drivers may compare and print, never enter: nothing is mapped there.
constexpr uint64_t kSystemCallEntry = hal::kKernelLow + 0x60'1000;

constexpr Msr kMsrs[] = {
    { 0x00000010, 0 },                  // IA32_TIME_STAMP_COUNTER, see read_msr
    { 0x00000017, 0 },                  // IA32_PLATFORM_ID
    { 0x0000001B, 0xFEE00800 },         // IA32_APIC_BASE: on; the first processor's has the boot flag
    { 0x0000003A, 1 },                  // IA32_FEATURE_CONTROL: locked, no VMX
    { 0x0000008B, 0x0000001F'00000000 }, // IA32_BIOS_SIGN_ID: microcode revision
    { 0x000000CE, 24 << 8 },            // PLATFORM_INFO: 24 times 100 MHz
    { 0x000000FE, 0x508 },              // IA32_MTRRCAP: eight ranges, fixed ranges
    { 0x00000174, 0 },                  // IA32_SYSENTER_CS
    { 0x00000175, 0 },                  // IA32_SYSENTER_ESP
    { 0x00000176, 0 },                  // IA32_SYSENTER_EIP
    { 0x00000179, 0 },                  // IA32_MCG_CAP: no banks
    { 0x0000017A, 0 },                  // IA32_MCG_STATUS
    { 0x00000198, 24 << 8 },            // IA32_PERF_STATUS
    { 0x00000199, 24 << 8 },            // IA32_PERF_CTL
    { 0x0000019A, 0 },                  // IA32_CLOCK_MODULATION
    { 0x0000019C, 0x88320000 },         // IA32_THERM_STATUS: valid, 50 degrees below the limit
    { 0x000001A0, 0x00850089 },         // IA32_MISC_ENABLE
    { 0x000001A2, 100 << 16 },          // TEMPERATURE_TARGET: 100 degrees
    { 0x000001D9, 0 },                  // IA32_DEBUGCTL
    { 0x00000277, 0x00070106'00070106 }, // IA32_PAT, as Windows sets it
    { 0x000002FF, 0xC06 },              // IA32_MTRR_DEF_TYPE: on, write back
    { 0xC0000080, 0xD01 },              // IA32_EFER: SCE LME LMA NXE
    { 0xC0000081, 0x00230010'00000000 }, // IA32_STAR
    { 0xC0000082, kSystemCallEntry },   // IA32_LSTAR
    { 0xC0000083, kSystemCallEntry + 0x800 }, // IA32_CSTAR
    { 0xC0000084, 0x4700 },             // IA32_FMASK
    { 0xC0000100, 0 },                  // IA32_FS_BASE
    { 0xC0000101, 0 },                  // IA32_GS_BASE, see read_msr
    { 0xC0000102, 0 },                  // IA32_KERNEL_GS_BASE
    { 0xC0000103, 0 },                  // IA32_TSC_AUX, see read_msr
};
static_assert(std::ranges::is_sorted(kMsrs, {}, &Msr::number));
static_assert(std::ranges::is_sorted(kLeaves, {}, &Leaf::leaf));

} // namespace

Identity identify(uint32_t leaf, uint32_t subleaf, uint32_t processor, uint32_t processors)
{
    // A leaf beyond the last of its range answers as the last basic one does.
    uint32_t const range = leaf & 0xC0000000;
    uint32_t const last = range == 0x40000000 ? kHypervisorLast : range == 0x80000000 ? kExtendedLast : kBasicLast;
    if (leaf > last)
        leaf = kBasicLast;
    if (leaf == 0xB) // topology: no threads, so many cores in one package
        return subleaf == 0 ? Identity { 0, 1, 0x100, processor }
            : subleaf == 1  ? Identity { 6, processors, 0x201, processor }
                            : Identity { 0, 0, subleaf & 0xFF, processor };
    if (leaf == 7 && subleaf != 0)
        return {};
    auto it = std::ranges::lower_bound(kLeaves, leaf, {}, &Leaf::leaf);
    if (it == std::end(kLeaves) || it->leaf != leaf)
        return {};
    Identity values = it->values;
    if (leaf == 1)
        values.ebx |= processors << 16 | processor << 24;
    return values;
}

uint64_t time_stamp() { return sim::world().now_100ns() * kTscPer100ns; }

std::optional<uint64_t> read_msr(uint32_t number)
{
    auto it = std::ranges::lower_bound(kMsrs, number, {}, &Msr::number);
    if (it == std::end(kMsrs) || it->number != number)
        return std::nullopt;
    hal::Processor const& here = hal::processor();
    switch (number) {
    case 0x00000010: return time_stamp();
    case 0x0000001B: return it->value | (here.number() == 0 ? 0x100 : 0);
    case 0xC0000101: return reinterpret_cast<uint64_t>(here.region());
    case 0xC0000103: return here.number();
    default: return it->value;
    }
}

std::optional<uint64_t> read_control(unsigned number)
{
    switch (number) {
    case 0: return 0x80050033; // PG AM WP NE ET MP PE
    case 2: return 0;          // no page fault was ever the driver's
    case 3: return 0x001AD000;
    case 4: return 0x6F8; // DE PSE PAE MCE PGE OSFXSR OSXMMEXCPT
    default: return std::nullopt;
    }
}

std::optional<uint64_t> read_debug(unsigned number)
{
    switch (number) {
    case 0:
    case 1:
    case 2:
    case 3: return 0;
    case 4: // its older name
    case 6: return 0xFFFF0FF0;
    case 5:
    case 7: return 0x400;
    default: return std::nullopt;
    }
}

TableRegister descriptor_table(bool interrupts, uint32_t processor)
{
    uint64_t const base = hal::kKernelLow + 0x60'2000 + uint64_t { processor } * 0x2000;
    return interrupts ? TableRegister { 0xFFF, base } : TableRegister { 0x57, base + 0x1000 };
}

uint64_t system_word(unsigned which)
{
    constexpr uint64_t kTaskSelector = 0x40;
    return which == 0 ? 0 : which == 1 ? kTaskSelector : *read_control(0);
}

} // namespace ringside::ldr
