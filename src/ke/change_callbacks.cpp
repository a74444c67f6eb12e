// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-keregisterprocessorchangecallback
// @cite(wdk-ddi): page=wdm/nf-wdm-keregisterboundcallback
#include "ke/change_callbacks.h"

#include "ke/kernel.h"

#include <algorithm>
#include <vector>

namespace ringside::ke {

using namespace nt;

namespace {

struct Registration {
    uint64_t handle;
    void const* routine;
};
std::vector<Registration> g_processor_callbacks;
std::vector<Registration> g_bound_callbacks;
uint64_t g_handles = 0;

void* add(std::vector<Registration>& list, void const* routine)
{
    list.push_back({ ++g_handles, routine });
    return reinterpret_cast<void*>(g_handles);
}

bool drop(std::vector<Registration>& list, void* handle)
{
    return std::erase_if(list, [&](Registration const& r) { return r.handle == reinterpret_cast<uint64_t>(handle); });
}

// What the driver makes of one processor's change; the context lies on this thread's stack, which is kernel memory.
NTSTATUS tell(PPROCESSOR_CALLBACK_FUNCTION function, PVOID context, uint32_t processor,
              KE_PROCESSOR_CHANGE_NOTIFY_STATE state, NTSTATUS so_far)
{
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change {
        .State = state, .NtNumber = processor, .Status = so_far, .ProcNumber = { 0, static_cast<UCHAR>(processor), 0 }
    };
    NTSTATUS status = so_far;
    through_door(DoorPassage { Door::Other, nullptr }, function, context, &change, &status);
    return status;
}

} // namespace

void reset_change_callbacks()
{
    g_processor_callbacks.clear();
    g_bound_callbacks.clear();
    g_handles = 0;
}

unsigned change_callbacks() { return static_cast<unsigned>(g_processor_callbacks.size() + g_bound_callbacks.size()); }

// With the flag: start for each processor in turn; then complete for each, or failure for those before the one that
// failed. The registration stands either way.
PVOID KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION function, PVOID context, ULONG flags)
{
    if (!function || flags & ~KE_PROCESSOR_CHANGE_ADD_EXISTING)
        return nullptr;
    PVOID const handle = add(g_processor_callbacks, reinterpret_cast<void const*>(function));
    if (!(flags & KE_PROCESSOR_CHANGE_ADD_EXISTING))
        return handle;
    auto const processors = static_cast<uint32_t>(kernel().cpus().size());
    uint32_t told = 0;
    NTSTATUS status = STATUS_SUCCESS;
    for (; told < processors && status >= 0; told += status >= 0)
        status = tell(function, context, told, KeProcessorAddStartNotify, STATUS_SUCCESS);
    for (uint32_t i = 0; i < told; ++i)
        tell(function, context, i, status < 0 ? KeProcessorAddFailureNotify : KeProcessorAddCompleteNotify, status);
    return handle;
}

void KeDeregisterProcessorChangeCallback(PVOID handle) { drop(g_processor_callbacks, handle); }

PVOID KeRegisterBoundCallback(PBOUND_CALLBACK routine)
{
    return routine ? add(g_bound_callbacks, reinterpret_cast<void const*>(routine)) : nullptr;
}

NTSTATUS KeDeregisterBoundCallback(PVOID handle)
{
    return drop(g_bound_callbacks, handle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

} // namespace ringside::ke
