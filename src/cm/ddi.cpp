// SPDX-License-Identifier: MIT
// The contract rows of room cm.
#include "cm/ddi.h"

namespace ringside::cm {

using namespace nt;

namespace {

constexpr char const* kHiveService = "exported and in use, but not documented";
constexpr char const* kNoTransactions = "there is no transaction manager";

} // namespace

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
          .page = "wdm/nf-wdm-zwcreatekey", .body = body<&ZwCreateKey>() },
        { .name = "ZwDeleteKey", .page = "wdm/nf-wdm-zwdeletekey", .body = body<&ZwDeleteKey>() },
        { .name = "ZwFlushKey", .page = "wdm/nf-wdm-zwflushkey",
          .rules = "IrqlZwPassive,ZwRegistryCreate,ZwRegistryOpen", .body = body<&ZwFlushKey>() },
        { .name = "ZwRenameKey", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = "in wdm.h since Windows 7, without a page of its own",
          .body = body<&ZwRenameKey>() },
        { .name = "ZwSetInformationKey", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .partial = "the reserved classes are refused",
          .because = "in wdm.h since Windows 7, without a page of its own", .body = body<&ZwSetInformationKey>() },
        { .name = "ZwQueryMultipleValueKey", .since = Windows::win7, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .because = "in wdm.h since Windows 7, without a page of its own",
          .body = body<&ZwQueryMultipleValueKey>() },
        { .name = "ZwNotifyChangeKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwnotifychangekey", .rules = "PowerIrpDDis", .body = body<&ZwNotifyChangeKey>() },
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
          .body = body<&RtlQueryRegistryValues>() },
        { .name = "RtlQueryRegistryValuesEx", .since = Windows::win8, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = "exported and in use, but not documented", .body = body<&RtlQueryRegistryValues>() },
        { .name = "RtlWriteRegistryValue", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtlwriteregistryvalue", .body = body<&RtlWriteRegistryValue>() },
        { .name = "RtlDeleteRegistryValue", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtldeleteregistryvalue", .rules = "IrqlRtlPassive",
          .body = body<&RtlDeleteRegistryValue>() },
        { .name = "RtlCheckRegistryKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtlcheckregistrykey",
          .body = body<&RtlCheckRegistryKey>() },
        { .name = "RtlCreateRegistryKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-rtlcreateregistrykey", .body = body<&RtlCreateRegistryKey>() },
        { .name = "RtlQueryRegistryValueWithFallback", .since = Windows::v10_1809, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntddk/nf-ntddk-rtlqueryregistryvaluewithfallback",
          .body = body<&RtlQueryRegistryValueWithFallback>() },

        // Exported since Windows 2000 or XP and imported by drivers, but without pages of their own.
        { .name = "ZwSaveKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kHiveService, .body = body<&ZwSaveKey>() },
        { .name = "ZwSaveKeyEx", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kHiveService, .body = body<&ZwSaveKeyEx>() },
        { .name = "ZwRestoreKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "of the flags REG_FORCE_RESTORE alone is not refused",
          .because = kHiveService, .body = body<&ZwRestoreKey>() },
        { .name = "ZwLoadKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "the file is read once and not written back",
          .because = kHiveService, .body = body<&ZwLoadKey>() },
        { .name = "ZwLoadKeyEx", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "as ZwLoadKey; application hives, trust classes and events are refused", .because = kHiveService,
          .body = body<&ZwLoadKeyEx>() },
        { .name = "ZwUnloadKey", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = kHiveService, .body = body<&ZwUnloadKey>() },
        { .name = "ZwUnloadKeyEx", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "an event is refused", .because = kHiveService, .body = body<&ZwUnloadKeyEx>() },
        { .name = "ZwReplaceKey", .because = kHiveService,
          .declined = "the new hive would count from the next boot on, and a machine boots once" },
        { .name = "ZwCreateKeyTransacted", .since = Windows::vista, .page = "wdm/nf-wdm-zwcreatekeytransacted",
          .declined = kNoTransactions },
        { .name = "ZwOpenKeyTransacted", .since = Windows::vista, .page = "wdm/nf-wdm-zwopenkeytransacted",
          .declined = kNoTransactions },
        { .name = "ZwOpenKeyTransactedEx", .since = Windows::win7, .page = "wdm/nf-wdm-zwopenkeytransactedex",
          .declined = kNoTransactions },

        { .name = "CmRegisterCallback", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-cmregistercallback",
          .rules = "IrqlExApcLte2", .body = body<&CmRegisterCallback>() },
        { .name = "CmRegisterCallbackEx", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-cmregistercallbackex", .rules = "IrqlExApcLte2", .body = body<&CmRegisterCallbackEx>() },
        { .name = "CmUnRegisterCallback", .irql = { .highest = APC_LEVEL }, .page = "wdm/nf-wdm-cmunregistercallback",
          .rules = "IrqlExApcLte2", .body = body<&CmUnRegisterCallback>() },
        { .name = "CmGetCallbackVersion", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .page = "wdm/nf-wdm-cmgetcallbackversion", .body = body<&CmGetCallbackVersion>() },
        { .name = "CmSetCallbackObjectContext", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-cmsetcallbackobjectcontext", .body = body<&CmSetCallbackObjectContext>() },
        { .name = "CmCallbackGetKeyObjectID", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-cmcallbackgetkeyobjectid",
          .body = body<&CmCallbackGetKeyObjectID>() },
        { .name = "CmCallbackGetKeyObjectIDEx", .irql = { .highest = APC_LEVEL }, .since = Windows::win8,
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-cmcallbackgetkeyobjectidex", .body = body<&CmCallbackGetKeyObjectIDEx>() },
        { .name = "CmCallbackReleaseKeyObjectIDEx", .irql = { .highest = APC_LEVEL }, .since = Windows::win8,
          .page = "wdm/nf-wdm-cmcallbackreleasekeyobjectidex", .body = body<&CmCallbackReleaseKeyObjectIDEx>() },
        { .name = "CmGetBoundTransaction", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .page = "wdm/nf-wdm-cmgetboundtransaction", .body = body<&CmGetBoundTransaction>() },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::cm
