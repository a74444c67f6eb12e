// SPDX-License-Identifier: MIT
// The contract rows of room ob.
#include "ob/ddi.h"

#include "ob/manager.h"

namespace ringside::ob {

using namespace nt;

namespace {

constexpr char const* kQueryObject = "pool charges and the sizes of security descriptors are reported as 0";

constexpr char const* kNoCache = "descriptors are the objects' own, and no page tells what this cache of them promises";

// @cite(wdk-ddi): page=ntifs/nf-ntifs-obqueryobjectauditingbyhandle
NTSTATUS ObQueryObjectAuditingByHandle(HANDLE handle, BOOLEAN* generate_on_close)
{
    auto const found = resolve_handle(current_process(), handle, KernelMode);
    if (found.ok())
        put(generate_on_close, FALSE);
    return found.status();
}

} // namespace

std::span<Ddi const> ddi_rows()
{
    // clang-format off
    static Ddi const rows[] = {
        { .name = "ObfReferenceObject", .irql = { .highest = DISPATCH_LEVEL },
          .page = "wdm/nf-wdm-obfreferenceobject", .body = body<&ObfReferenceObject>() },
        { .name = "ObfReferenceObjectWithTag", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::win7,
          .page = "wdm/nf-wdm-obreferenceobjectwithtag", .body = body<&ObfReferenceObjectWithTag>() },
        { .name = "ObfDereferenceObject", .irql = { .highest = DISPATCH_LEVEL },
          .page = "wdm/nf-wdm-obdereferenceobject", .body = body<&ObfDereferenceObject>() },
        { .name = "ObfDereferenceObjectWithTag", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::win7,
          .page = "wdm/nf-wdm-obdereferenceobjectwithtag", .body = body<&ObfDereferenceObjectWithTag>() },
        { .name = "ObDereferenceObject", .irql = { .highest = DISPATCH_LEVEL },
          .page = "wdm/nf-wdm-obdereferenceobject", .body = body<&ObfDereferenceObject>() },
        { .name = "ObDereferenceObjectDeferDelete", .irql = { .highest = DISPATCH_LEVEL },
          .page = "wdm/nf-wdm-obdereferenceobjectdeferdelete", .body = body<&ObDereferenceObjectDeferDelete>() },
        { .name = "ObDereferenceObjectDeferDeleteWithTag", .irql = { .highest = DISPATCH_LEVEL },
          .since = Windows::win7, .page = "wdm/nf-wdm-obdereferenceobjectdeferdeletewithtag",
          .body = body<&ObDereferenceObjectDeferDeleteWithTag>() },
        { .name = "ObReferenceObjectSafe", .irql = { .highest = DISPATCH_LEVEL },
          .page = "wdm/nf-wdm-obreferenceobjectsafe", .body = body<&ObReferenceObjectSafe>() },
        { .name = "ObReferenceObjectByHandle", .page = "wdm/nf-wdm-obreferenceobjectbyhandle",
          .rules = "IrqlObPassive,TargetRelationNeedsRef", .body = body<&ObReferenceObjectByHandle>() },
        { .name = "ObReferenceObjectByHandleWithTag", .since = Windows::win7,
          .page = "wdm/nf-wdm-obreferenceobjectbyhandlewithtag", .body = body<&ObReferenceObjectByHandleWithTag>() },
        { .name = "ObReferenceObjectByPointer", .irql = { .highest = DISPATCH_LEVEL },
          .page = "wdm/nf-wdm-obreferenceobjectbypointer", .rules = "TargetRelationNeedsRef",
          .body = body<&ObReferenceObjectByPointer>() },
        { .name = "ObReferenceObjectByPointerWithTag", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::win7,
          .page = "wdm/nf-wdm-obreferenceobjectbypointerwithtag", .body = body<&ObReferenceObjectByPointerWithTag>() },
        { .name = "ObReferenceObjectByName", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "objects that parse names are not opened through",
          .because = "exported and in use, but not documented", .body = body<&ObReferenceObjectByName>() },
        { .name = "ObOpenObjectByPointer", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-obopenobjectbypointer",
          .body = body<&ObOpenObjectByPointer>() },
        { .name = "ObOpenObjectByPointerWithTag", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "as ObOpenObjectByPointer", .because = "exported and in use, but not documented",
          .body = body<&ObOpenObjectByPointerWithTag>() },
        { .name = "ObQueryNameString", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "ntifs/nf-ntifs-obquerynamestring",
          .body = body<&ObQueryNameString>() },
        { .name = "ObGetObjectType", .irql = { .highest = DISPATCH_LEVEL }, .since = Windows::win7,
          .because = "exported and in use, but not documented", .body = body<&ObGetObjectType>() },
        { .name = "ObMakeTemporaryObject", .irql = { .highest = APC_LEVEL },
          .page = "ntifs/nf-ntifs-obmaketemporaryobject",
          .because = "the page calls it reserved and says nothing about IRQL", .body = body<&ObMakeTemporaryObject>() },
        { .name = "ObCloseHandle", .page = "wdm/nf-wdm-obclosehandle", .body = body<&ObCloseHandle>() },
        { .name = "ObIsKernelHandle", .irql = { .highest = APC_LEVEL }, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-obiskernelhandle", .body = body<&ObIsKernelHandle>() },
        { .name = "ZwClose", .page = "wdm/nf-wdm-zwclose", .body = body<&ZwClose>() },
        { .name = "NtClose", .page = "ntifs/nf-ntifs-ntclose", .body = body<&NtClose>() },
        { .name = "ZwMakeTemporaryObject", .page = "wdm/nf-wdm-zwmaketemporaryobject", .rules = "PowerIrpDDis",
          .body = body<&ZwMakeTemporaryObject>() },

        { .name = "ObSetHandleAttributes", .because = "exported and in use, but not documented",
          .body = body<&ObSetHandleAttributes>() },
        { .name = "ZwQueryObject", .page = "ntifs/nf-ntifs-zwqueryobject", .rules = "PowerIrpDDis",
          .partial = kQueryObject, .body = body<&ZwQueryObject>() },
        { .name = "NtQueryObject", .page = "ntifs/nf-ntifs-ntqueryobject", .rules = "PowerIrpDDis",
          .partial = kQueryObject, .body = body<&NtQueryObject>() },
        { .name = "ZwSetInformationObject", .because = "exported and in use, but not documented",
          .body = body<&ZwSetInformationObject>() },
        { .name = "ObCreateObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "STATUS_NOT_IMPLEMENTED for processes, threads, keys, devices and sections; a file made so gets no "
                     "clean-up and no close request",
          .because = "exported and in use, but not documented", .body = body<&ObCreateObject>() },
        { .name = "ObInsertObject", .fail = Fail::Inside, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-obinsertobject",
          .because = "the page calls it reserved and says nothing about IRQL", .body = body<&ObInsertObject>() },
        { .name = "ObOpenObjectByName", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .partial = "objects that parse names (devices, keys) are not opened through", .because = "exported and in use, but not documented",
          .body = body<&ObOpenObjectByName>() },

        { .name = "ObQueryObjectAuditingByHandle", .page = "ntifs/nf-ntifs-obqueryobjectauditingbyhandle",
          .partial = "no event is logged: the machine's audit policy audits nothing, and it cannot be changed",
          .body = body<&ObQueryObjectAuditingByHandle>() },
        { .name = "ObLogSecurityDescriptor", .because = "exported, but not documented", .declined = kNoCache },
        { .name = "ObReferenceSecurityDescriptor", .because = "exported, but not documented", .declined = kNoCache },
        { .name = "ObDereferenceSecurityDescriptor", .because = "exported, but not documented", .declined = kNoCache },

        { .name = "ObRegisterCallbacks", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-obregistercallbacks", .partial = "there is no desktop, and so no type of one",
          .body = body<&ObRegisterCallbacks>() },
        { .name = "ObUnRegisterCallbacks", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .page = "wdm/nf-wdm-obunregistercallbacks", .body = body<&ObUnRegisterCallbacks>() },
        { .name = "ObGetFilterVersion", .irql = { .highest = APC_LEVEL }, .since = Windows::vista,
          .because = "exported and in use, but not documented", .body = body<&ObGetFilterVersion>() },

        { .name = "ZwCreateDirectoryObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwcreatedirectoryobject", .rules = "PowerIrpDDis",
          .body = body<&ZwCreateDirectoryObject>() },
        { .name = "ZwOpenDirectoryObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwopendirectoryobject", .rules = "PowerIrpDDis",
          .body = body<&ZwOpenDirectoryObject>() },
        { .name = "ZwOpenSymbolicLinkObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwopensymboliclinkobject", .rules = "PowerIrpDDis",
          .body = body<&ZwOpenSymbolicLinkObject>() },
        { .name = "ZwCreateSymbolicLinkObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = "exported and in use, but not documented", .body = body<&ZwCreateSymbolicLinkObject>() },
        { .name = "ZwQueryDirectoryObject", .because = "exported and in use, but not documented",
          .body = body<&ZwQueryDirectoryObject>() },
        { .name = "ZwQuerySymbolicLinkObject", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwquerysymboliclinkobject", .rules = "PowerIrpDDis",
          .body = body<&ZwQuerySymbolicLinkObject>() },

        { .name = "ZwCreateEvent", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwcreateevent", .rules = "PowerIrpDDis",
          .body = body<&ZwCreateEvent>() },
        { .name = "ZwOpenEvent", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "wdm/nf-wdm-zwopenevent", .rules = "PowerIrpDDis",
          .body = body<&ZwOpenEvent>() },
        { .name = "ZwSetEvent",
          .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .page = "ntifs/nf-ntifs-zwsetevent", .body = body<&ZwSetEvent>() },
        { .name = "ZwClearEvent", .because = "exported and in use, but not documented", .body = body<&ZwClearEvent>() },
        { .name = "ZwResetEvent", .because = "exported and in use, but not documented", .body = body<&ZwResetEvent>() },
        { .name = "ZwPulseEvent", .because = "exported and in use, but not documented", .body = body<&ZwPulseEvent>() },
        { .name = "IoCreateNotificationEvent", .fail = Fail::Null, .page = "wdm/nf-wdm-iocreatenotificationevent",
          .rules = "IrqlIoPassive4", .body = body<&IoCreateNotificationEvent>() },
        { .name = "IoCreateSynchronizationEvent", .fail = Fail::Null,
          .page = "wdm/nf-wdm-iocreatesynchronizationevent", .rules = "IrqlIoPassive4,PowerIrpDDis",
          .body = body<&IoCreateSynchronizationEvent>() },
        { .name = "ZwWaitForSingleObject", .irql = { .highest = DISPATCH_LEVEL },
          .page = "ntifs/nf-ntifs-zwwaitforsingleobject",
          .because = "the remarks allow DISPATCH_LEVEL with a time-out of zero",
          .body = body<&ZwWaitForSingleObject>() },
        { .name = "ZwWaitForMultipleObjects", .fail = Fail::Status, .fail_status = STATUS_INSUFFICIENT_RESOURCES,
          .because = "exported and in use, but not documented", .body = body<&ZwWaitForMultipleObjects>() },
        { .name = "NtWaitForSingleObject", .irql = { .highest = DISPATCH_LEVEL },
          .because = "exported and in use, but not documented", .body = body<&NtWaitForSingleObject>() },

        { .name = "ExCreateCallback", .irql = { .highest = APC_LEVEL }, .fail = Fail::Status,
          .fail_status = STATUS_INSUFFICIENT_RESOURCES, .page = "wdm/nf-wdm-excreatecallback",
          .rules = "IrqlExPassive", .body = body<&ExCreateCallback>() },
        { .name = "ExRegisterCallback", .irql = { .highest = APC_LEVEL }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-exregistercallback", .rules = "IrqlExApcLte2", .body = body<&ExRegisterCallback>() },
        { .name = "ExUnregisterCallback", .irql = { .highest = APC_LEVEL },
          .page = "wdm/nf-wdm-exunregistercallback", .rules = "IrqlExApcLte2", .body = body<&ExUnregisterCallback>() },
        { .name = "ExNotifyCallback", .irql = { .highest = DISPATCH_LEVEL }, .page = "wdm/nf-wdm-exnotifycallback",
          .body = body<&ExNotifyCallback>() },

        // Pointers to object types.
        { .name = "CmKeyObjectType", .since = Windows::win7, .because = "exported and in use, but not documented",
          .data = type_variable(key_type) },
        { .name = "ExEventObjectType", .because = "exported and in use, but not documented",
          .data = type_variable(event_type) },
        { .name = "ExSemaphoreObjectType", .because = "exported and in use, but not documented",
          .data = type_variable(semaphore_type) },
        { .name = "IoDeviceObjectType", .because = "exported and in use, but not documented",
          .data = type_variable(device_type) },
        { .name = "IoDriverObjectType", .because = "exported and in use, but not documented",
          .data = type_variable(driver_type) },
        { .name = "IoFileObjectType", .because = "exported and in use, but not documented",
          .data = type_variable(file_type) },
        { .name = "MmSectionObjectType", .because = "exported and in use, but not documented",
          .data = type_variable(section_type) },
        { .name = "PsProcessType", .because = "exported and in use, but not documented",
          .data = type_variable(process_type) },
        { .name = "PsThreadType", .because = "exported and in use, but not documented",
          .data = type_variable(thread_type) },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::ob
