// SPDX-License-Identifier: MIT
#include "ps/ddi.h"

#include "ps/process.h"

namespace ringside::ps {

using namespace nt;

namespace {

template <typename Routine>
void* pointer_to(Routine routine)
{
    return reinterpret_cast<void*>(routine);
}

NTSTATUS change_process_routine(void* routine, bool extended, bool remove)
{
    NotifyList& list = manager().process_notify;
    if (remove)
        return list.remove(routine, extended) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
    if (list.contains(routine, extended) || list.is_full())
        return STATUS_INVALID_PARAMETER;
    list.add(routine, extended);
    return STATUS_SUCCESS;
}

NTSTATUS add(NotifyList& list, void* routine, bool extended = false)
{
    if (list.is_full())
        return STATUS_INSUFFICIENT_RESOURCES;
    list.add(routine, extended);
    return STATUS_SUCCESS;
}

NTSTATUS remove(NotifyList& list, void* routine)
{
    return list.remove(routine, false) || list.remove(routine, true) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
}

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetcreateprocessnotifyroutine
NTSTATUS PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE routine, BOOLEAN remove)
{
    return change_process_routine(pointer_to(routine), false, remove);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetcreateprocessnotifyroutineex
NTSTATUS PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine, BOOLEAN remove)
{
    auto const has_forced_integrity = manager().has_forced_integrity;
    if (!remove && has_forced_integrity && !has_forced_integrity(pointer_to(routine)))
        return STATUS_ACCESS_DENIED;
    return change_process_routine(pointer_to(routine), true, remove);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetcreateprocessnotifyroutineex2
NTSTATUS PsSetCreateProcessNotifyRoutineEx2(ULONG type, PVOID information, BOOLEAN remove)
{
    if (type != kPsCreateProcessNotifySubsystems)
        return STATUS_INVALID_PARAMETER;
    return PsSetCreateProcessNotifyRoutineEx(reinterpret_cast<PCREATE_PROCESS_NOTIFY_ROUTINE_EX>(information), remove);
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetcreatethreadnotifyroutineex
NTSTATUS PsSetCreateThreadNotifyRoutineEx(ULONG type, PVOID information)
{
    if (type != kPsCreateThreadNotifyNonSystem && type != kPsCreateThreadNotifySubsystems)
        return STATUS_INVALID_PARAMETER;
    return add(manager().thread_notify, information, type == kPsCreateThreadNotifyNonSystem);
}

// Every image there is has the machine's own architecture, so the flag changes nothing.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetloadimagenotifyroutineex
NTSTATUS PsSetLoadImageNotifyRoutineEx(PLOAD_IMAGE_NOTIFY_ROUTINE routine, ULONG_PTR flags)
{
    if (flags & ~ULONG_PTR { kPsImageNotifyConflictingArchitecture })
        return STATUS_INVALID_PARAMETER_2;
    return add(manager().image_notify, pointer_to(routine));
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetcreatethreadnotifyroutine
NTSTATUS PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return add(manager().thread_notify, pointer_to(routine));
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-psremovecreatethreadnotifyroutine
NTSTATUS PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return remove(manager().thread_notify, pointer_to(routine));
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-pssetloadimagenotifyroutine
NTSTATUS PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine)
{
    return add(manager().image_notify, pointer_to(routine));
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-psremoveloadimagenotifyroutine
NTSTATUS PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine)
{
    return remove(manager().image_notify, pointer_to(routine));
}

} // namespace ringside::ps
