// SPDX-License-Identifier: MIT
// The contract rows of room cm.
#include "cm/ddi.h"

namespace ringside::cm {

using namespace nt;

std::span<Ddi const> ddi_rows()
{
    // clang-format off
    static Ddi const rows[] = {
        { .name = "ZwOpenKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwopenkey", .body = body<&ZwOpenKey>() },
        { .name = "ZwOpenKeyEx", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-zwopenkeyex", .rules = "PowerIrpDDis",
          .body = body<&ZwOpenKeyEx>() },
        { .name = "ZwCreateKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwcreatekey",
          .partial = "the descriptor that the attributes give is not stored; REG_OPTION_CREATE_LINK is refused",
          .body = body<&ZwCreateKey>() },
        { .name = "ZwDeleteKey", .page = "wdm/nf-wdm-zwdeletekey", .body = body<&ZwDeleteKey>() },
        { .name = "ZwFlushKey", .page = "wdm/nf-wdm-zwflushkey",
          .rules = "IrqlZwPassive,ZwRegistryCreate,ZwRegistryOpen", .body = body<&ZwFlushKey>() },
        { .name = "ZwQueryKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwquerykey", .partial = "the reserved classes are refused", .body = body<&ZwQueryKey>() },
        { .name = "ZwEnumerateKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwenumeratekey", .body = body<&ZwEnumerateKey>() },
        { .name = "ZwEnumerateValueKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwenumeratevaluekey", .body = body<&ZwEnumerateValueKey>() },
        { .name = "ZwQueryValueKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwqueryvaluekey", .body = body<&ZwQueryValueKey>() },
        { .name = "ZwSetValueKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwsetvaluekey", .body = body<&ZwSetValueKey>() },
        { .name = "ZwDeleteValueKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwdeletevaluekey", .rules = "PowerIrpDDis", .body = body<&ZwDeleteValueKey>() },

        { .name = "RtlQueryRegistryValues", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtlqueryregistryvalues",
          .partial = "environment variables in REG_EXPAND_SZ values are not expanded",
          .body = body<&RtlQueryRegistryValues>() },
        { .name = "RtlQueryRegistryValuesEx", .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .partial = "as RtlQueryRegistryValues",
          .because = "exported and in use, but not documented", .body = body<&RtlQueryRegistryValues>() },
        { .name = "RtlWriteRegistryValue", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtlwriteregistryvalue", .body = body<&RtlWriteRegistryValue>() },
        { .name = "RtlDeleteRegistryValue", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtldeleteregistryvalue", .rules = "IrqlRtlPassive",
          .body = body<&RtlDeleteRegistryValue>() },
        { .name = "RtlCheckRegistryKey", .page = "wdm/nf-wdm-rtlcheckregistrykey",
          .body = body<&RtlCheckRegistryKey>() },
        { .name = "RtlCreateRegistryKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtlcreateregistrykey", .body = body<&RtlCreateRegistryKey>() },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::cm
