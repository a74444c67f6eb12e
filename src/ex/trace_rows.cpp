// SPDX-License-Identifier: MIT
#include "ex/ddi.h"

#include "ex/trace.h"

namespace ringside::ex {

using namespace nt;

namespace {
constexpr char const* kAnyFromResident = "the remarks: any IRQL when the data passed is resident";
} // namespace

std::span<Ddi const> trace_rows()
{
    static Ddi const rows[] = {
        { .name = "EtwRegister", .irql = { 0, 0 }, .since = Windows::vista, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-etwregister", .rules = "PowerIrpDDis",
          .body = body<&EtwRegister>() },
        { .name = "EtwRegisterClassicProvider", .irql = { 0, 0 }, .since = Windows::vista, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = "no function page documents it",
          .body = body<&EtwRegisterClassicProvider>() },
        { .name = "EtwUnregister", .irql = { 0, 0 }, .since = Windows::vista, .page = "wdm/nf-wdm-etwunregister",
          .rules = "PowerIrpDDis", .body = body<&EtwUnregister>() },
        { .name = "EtwEventEnabled", .irql = { 0, 15 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-etweventenabled", .body = body<&EtwEventEnabled>() },
        { .name = "EtwProviderEnabled", .irql = { 0, 15 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-etwproviderenabled", .body = body<&EtwProviderEnabled>() },
        { .name = "EtwWrite", .irql = { 0, 15 }, .since = Windows::vista,
          .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY, .page = "wdm/nf-wdm-etwwrite",
          .body = body<&EtwWrite>() },
        { .name = "EtwWriteTransfer", .irql = { 0, 15 }, .since = Windows::vista,
          .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY,
          .page = "wdm/nf-wdm-etwwritetransfer", .body = body<&EtwWriteTransfer>() },
        { .name = "EtwWriteEx", .irql = { 0, 15 }, .since = Windows::win7,
          .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY, .page = "wdm/nf-wdm-etwwriteex",
          .because = kAnyFromResident, .body = body<&EtwWriteEx>() },
        { .name = "EtwWriteString", .irql = { 0, 15 }, .since = Windows::vista,
          .fail = Fail::Status, .fail_status = STATUS_NO_MEMORY, .page = "wdm/nf-wdm-etwwritestring",
          .body = body<&EtwWriteString>() },
        { .name = "EtwActivityIdControl", .irql = { 0, 15 }, .since = Windows::vista,
          .page = "wdm/nf-wdm-etwactivityidcontrol",
          .because = "the remarks: any IRQL to create an identifier, else below DISPATCH_LEVEL",
          .body = body<&EtwActivityIdControl>() },
        { .name = "EtwSetInformation", .irql = { 0, 0 }, .since = Windows::v10_1507,
          .page = "wdm/nf-wdm-etwsetinformation", .body = body<&EtwSetInformation>() },
        { .name = "WmiTraceMessage", .irql = { 0, 15 }, .page = "wdm/nf-wdm-wmitracemessage",
          .because = "the remarks: any IRQL", .body = raw_body(&WmiTraceMessage) },
        { .name = "WmiTraceMessageVa", .irql = { 0, 15 }, .page = "wdm/nf-wdm-wmitracemessageva",
          .because = "the remarks: any IRQL", .body = body<&WmiTraceMessageVa>() },
        { .name = "WmiQueryTraceInformation", .irql = { 0, 2 }, .page = "wdm/nf-wdm-wmiquerytraceinformation",
          .because = "the remarks: at or below DISPATCH_LEVEL but for some classes",
          .body = body<&WmiQueryTraceInformation>() },
    };
    return rows;
}

} // namespace ringside::ex
