// SPDX-License-Identifier: MIT
#include "ke/data_exports.h"

#include "ke/ddi.h"
#include "ke/topology.h"
#include "nt/rtl.h"
#include "nt/shared_data.h"

#include <cstring>

namespace ringside::ke {

using namespace nt;

namespace {
template <typename T>
T& exported(unsigned offset)
{
    return *reinterpret_cast<T*>(kKeDataExports + offset);
}
void* address(unsigned offset) { return reinterpret_cast<void*>(kKeDataExports + offset); }

constexpr unsigned kNumberProcessors = 0x00;
constexpr unsigned kBuildNumber = 0x08;
constexpr unsigned kDebuggerEnabled = 0x10;
constexpr unsigned kDebuggerNotPresent = 0x18;
constexpr unsigned kTickCountPointer = 0x20;
constexpr unsigned kSafeBootMode = 0x28;

// What every x64 processor has that a current Windows runs on; nothing that depends on the host's, and no XSAVE, for
// there is no state beyond x87 and SSE (extended_state_ddi.cpp).
constexpr ULONG kFeatures[] = { PF_COMPARE_EXCHANGE_DOUBLE, PF_MMX_INSTRUCTIONS_AVAILABLE,
                                PF_XMMI_INSTRUCTIONS_AVAILABLE, PF_RDTSC_INSTRUCTION_AVAILABLE, PF_PAE_ENABLED,
                                PF_XMMI64_INSTRUCTIONS_AVAILABLE, PF_SSE_DAZ_MODE_AVAILABLE, PF_NX_ENABLED,
                                PF_SSE3_INSTRUCTIONS_AVAILABLE, PF_COMPARE_EXCHANGE128 };
}

void write_data_exports(Windows windows)
{
    auto const& profile = windows_profile(windows);
    exported<CCHAR>(kNumberProcessors) = static_cast<CCHAR>(group_size(0));
    // The high nibble marks a free build, as Windows has it.
    exported<ULONG>(kBuildNumber) = 0xF0000000u | profile.build;
    exported<ULONG>(kSafeBootMode) = 0;

    auto& page = *reinterpret_cast<KUSER_SHARED_DATA*>(hal::kSharedUserData);
    exported<uint64_t>(kTickCountPointer) = reinterpret_cast<uint64_t>(&page.TickCount);
    page.TickCountMultiplier = 0x0FA00000; // 15.625 ms a tick, in 1/2^24 ms
    page.NtMajorVersion = profile.major;
    page.NtMinorVersion = profile.minor;
    if (windows >= Windows::v10_1507)
        page.NtBuildNumber = profile.build;
    page.NtProductType = windows == Windows::ws2022 ? NtProductServer : NtProductWinNt;
    page.ProductTypeIsValid = 1;
    page.SuiteMask = VER_SUITE_TERMINAL | VER_SUITE_SINGLEUSERTS; // as RtlGetVersion has it
    for (ULONG feature : kFeatures)
        page.ProcessorFeatures[feature] = 1;
    page.ActiveProcessorCount = kernel().options().processors;
    if (windows >= Windows::win7)
        page.ActiveGroupCount = static_cast<UCHAR>(group_count());
    page.QpcFrequency = 10'000'000;
    std::memcpy(page.NtSystemRoot, u"C:\\Windows", sizeof u"C:\\Windows");
    write_debugger_variables(false, false);
    kernel().update_shared_clocks();
}

void write_debugger_variables(bool enabled, bool present)
{
    constexpr BOOLEAN kPageEnabled = 1, kPagePresent = 2;
    exported<BOOLEAN>(kDebuggerEnabled) = enabled;
    exported<BOOLEAN>(kDebuggerNotPresent) = !present;
    auto& page = *reinterpret_cast<KUSER_SHARED_DATA*>(hal::kSharedUserData);
    page.KdDebuggerEnabled = static_cast<BOOLEAN>((enabled ? kPageEnabled : 0) | (present ? kPagePresent : 0));
}

std::span<Ddi const> data_rows()
{
    static Ddi const rows[] = {
        { .name = "KeNumberProcessors", .irql = { 0, 15 }, .because = "a variable",
          .data = address(kNumberProcessors) },
        { .name = "NtBuildNumber", .irql = { 0, 15 }, .because = "a variable", .data = address(kBuildNumber) },
        { .name = "KdDebuggerEnabled", .irql = { 0, 15 }, .because = "a variable", .data = address(kDebuggerEnabled) },
        { .name = "KdDebuggerNotPresent", .irql = { 0, 15 }, .because = "a variable",
          .data = address(kDebuggerNotPresent) },
        { .name = "KeTickCount", .irql = { 0, 15 }, .because = "a variable",
          .data = reinterpret_cast<void*>(hal::kSharedUserData + offsetof(KUSER_SHARED_DATA, TickCount)) },
        { .name = "InitSafeBootMode", .irql = { 0, 15 }, .because = "a variable", .data = address(kSafeBootMode) },
    };
    return rows;
}

} // namespace ringside::ke
