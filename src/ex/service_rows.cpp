// SPDX-License-Identifier: MIT
#include "ex/ddi.h"

#include "ex/system_time.h"
#include "ex/timer.h"
#include "ex/work_queue.h"

namespace ringside::ex {

using namespace nt;

namespace {
constexpr char const* kNoPage = "no function page documents it";
} // namespace

std::span<Ddi const> service_rows()
{
    static Ddi const rows[] = {
        { .name = "ExQueueWorkItem", .irql = { 0, 2 }, .page = "wdm/nf-wdm-exqueueworkitem",
          .body = body<&ExQueueWorkItem>() },
        { .name = "ExAllocateTimer", .irql = { 0, 2 }, .since = Windows::win8_1, .fail = Fail::Null,
          .page = "wdm/nf-wdm-exallocatetimer", .body = body<&ExAllocateTimer>() },
        { .name = "ExSetTimer", .irql = { 0, 2 }, .since = Windows::win8_1, .page = "wdm/nf-wdm-exsettimer",
          .body = body<&ExSetTimer>() },
        { .name = "ExCancelTimer", .irql = { 0, 2 }, .since = Windows::win8_1, .page = "wdm/nf-wdm-excanceltimer",
          .body = body<&ExCancelTimer>() },
        { .name = "ExDeleteTimer", .irql = { 0, 2 }, .since = Windows::win8_1, .page = "wdm/nf-wdm-exdeletetimer",
          .because = "with Wait the page wants APC_LEVEL or below", .body = body<&ExDeleteTimer>() },
        { .name = "ExSystemTimeToLocalTime", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exsystemtimetolocaltime", .body = body<&ExSystemTimeToLocalTime>() },
        { .name = "ExLocalTimeToSystemTime", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exlocaltimetosystemtime", .body = body<&ExLocalTimeToSystemTime>() },
        { .name = "ExSetTimerResolution", .irql = { 0, 1 }, .page = "wdm/nf-wdm-exsettimerresolution",
          .rules = "IrqlExApcLte2", .partial = "timers are exact whatever the resolution: only the number changes",
          .body = body<&ExSetTimerResolution>() },
        { .name = "ExQueryTimerResolution", .irql = { 0, 15 }, .since = Windows::win8, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exquerytimerresolution", .body = body<&ExQueryTimerResolution>() },
        { .name = "ExUuidCreate", .irql = { 0, 0 }, .page = "ntddk/nf-ntddk-exuuidcreate",
          .rules = "IrqlExPassive,PowerIrpDDis", .body = body<&ExUuidCreate>() },
        { .name = "ExIsProcessorFeaturePresent", .irql = { 0, 0 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exisprocessorfeaturepresent", .rules = "IrqlExPassive,PowerIrpDDis",
          .body = body<&ExIsProcessorFeaturePresent>() },
        { .name = "ExVerifySuite", .irql = { 0, 0 }, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&ExVerifySuite>() },
        { .name = "ExGetPreviousMode", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-exgetpreviousmode",
          .partial = "a client thread counts as user mode also inside a service that a driver called",
          .body = body<&ExGetPreviousMode>() },
    };
    return rows;
}

} // namespace ringside::ex
