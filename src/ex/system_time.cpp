// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-exsettimerresolution
// @cite(wdk-ddi): page=ntddk/nf-ntddk-exuuidcreate
#include "ex/system_time.h"

#include "ex/executive.h"
#include "hal/layout.h"
#include "ke/kernel.h"
#include "nt/shared_data.h"
#include "sim/world.h"

#include <algorithm>
#include <cstring>

namespace ringside::ex {

using namespace nt;

namespace {
constexpr ULONG kFinestResolution = 5'000; // 0.5 ms, as current hardware has it

KUSER_SHARED_DATA const& shared_data() { return *reinterpret_cast<KUSER_SHARED_DATA*>(hal::kSharedUserData); }
} // namespace

void ExSystemTimeToLocalTime(LARGE_INTEGER* system_time, LARGE_INTEGER* local_time) { *local_time = *system_time; }
void ExLocalTimeToSystemTime(LARGE_INTEGER* local_time, LARGE_INTEGER* system_time) { *system_time = *local_time; }

ULONG ExSetTimerResolution(ULONG desired_100ns, BOOLEAN set)
{
    auto& e = executive();
    if (set) {
        ++e.timer_resolution_requests;
        e.timer_resolution = std::min(e.timer_resolution, std::max(desired_100ns, kFinestResolution));
    } else if (e.timer_resolution_requests && --e.timer_resolution_requests == 0)
        e.timer_resolution = ke::Kernel::kTickUnits;
    return e.timer_resolution;
}

void ExQueryTimerResolution(ULONG* maximum, ULONG* minimum, ULONG* current)
{
    *maximum = ke::Kernel::kTickUnits;
    *minimum = kFinestResolution;
    *current = executive().timer_resolution;
}

NTSTATUS ExUuidCreate(GUID* uuid)
{
    // A random one (RFC 4122 version 4).
    auto& random = sim::world().random(sim::Stream::Device);
    uint64_t const words[] = { random.next(), random.next() };
    std::memcpy(uuid, words, sizeof *uuid);
    uuid->Data3 = static_cast<USHORT>((uuid->Data3 & 0x0FFF) | 0x4000);
    uuid->Data4[0] = static_cast<UCHAR>((uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}

BOOLEAN ExIsProcessorFeaturePresent(ULONG feature)
{
    return feature < std::size(shared_data().ProcessorFeatures) && shared_data().ProcessorFeatures[feature];
}

BOOLEAN ExVerifySuite(ULONG suite) { return suite < 32 && (shared_data().SuiteMask >> suite) & 1; }

KPROCESSOR_MODE ExGetPreviousMode() { return ke::kernel().current().client ? UserMode : KernelMode; }

} // namespace ringside::ex
