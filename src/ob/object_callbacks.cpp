// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nc-wdm-pob_pre_operation_callback
// @cite(wdk-ddi): page=wdm/nc-wdm-pob_post_operation_callback
#include "ob/object_callbacks.h"

#include "ex/pool.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"
#include "ob/handle.h"
#include "ob/manager.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr uint32_t kSetTag = 'gRbO';    // "ObRg"
constexpr uint32_t kCalledTag = 'lCbO'; // "ObCl"

// The rights that a routine may take away: those of the page, and the two that drivers take away in practice too, reading
// a process' memory and a thread's context.
constexpr ACCESS_MASK kRemovableOfProcess = 0x0BEB | 0x10;
constexpr ACCESS_MASK kRemovableOfThread = THREAD_TERMINATE | THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT
    | THREAD_SET_CONTEXT | THREAD_SET_INFORMATION | 0x80 // THREAD_SET_THREAD_TOKEN
    | 0x100 // THREAD_IMPERSONATE
    | 0x200 // THREAD_DIRECT_IMPERSONATION
    | THREAD_SET_LIMITED_INFORMATION;

class CriticalRegion {
public:
    CriticalRegion() { ke::KeEnterCriticalRegion(); }
    ~CriticalRegion() { ke::KeLeaveCriticalRegion(); }
};

struct Number {
    std::u16string_view whole;
    std::u16string_view fraction;
};

Number split(std::u16string_view text)
{
    size_t const point = text.find(u'.');
    std::u16string_view whole = text.substr(0, point);
    std::u16string_view fraction = point == text.npos ? std::u16string_view() : text.substr(point + 1);
    whole.remove_prefix(std::min(whole.find_first_not_of(u'0'), whole.size()));
    fraction.remove_suffix(fraction.size() - (fraction.find_last_not_of(u'0') + 1));
    return { whole, fraction };
}

} // namespace

bool is_altitude(std::u16string_view text)
{
    return !text.empty() && text.find_first_not_of(u"0123456789.") == text.npos && std::ranges::count(text, u'.') <= 1;
}

int compare_altitudes(std::u16string_view a, std::u16string_view b)
{
    Number const left = split(a);
    Number const right = split(b);
    if (left.whole.size() != right.whole.size())
        return left.whole.size() < right.whole.size() ? -1 : 1;
    int order = left.whole.compare(right.whole);
    if (!order)
        order = left.fraction.compare(right.fraction);
    return order < 0 ? -1 : order > 0;
}

Result<void*> ObjectCallbacks::add(CallbackSet&& set)
{
    auto at = std::ranges::find_if(m_sets, [&](CallbackSet const& other) {
        return other.idle && !other.leaving && compare_altitudes(other.altitude, set.altitude) <= 0;
    });
    if (at != m_sets.end() && compare_altitudes(at->altitude, set.altitude) == 0)
        return Failure { STATUS_FLT_INSTANCE_ALTITUDE_COLLISION };
    auto* idle = static_cast<KEVENT*>(ex::allocate(NonPagedPoolNx, sizeof(KEVENT), kSetTag, ex::Owner::Kernel, true));
    if (!idle)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    ke::KeInitializeEvent(idle, NotificationEvent, FALSE);
    set.idle = idle;
    m_sets.insert(at, std::move(set));
    return static_cast<void*>(idle);
}

bool ObjectCallbacks::remove(void* handle)
{
    for (CallbackSet& set : m_sets) {
        if (!handle || set.idle != handle || set.leaving)
            continue;
        set.leaving = true;
        while (set.busy)
            ke::KeWaitForSingleObject(set.idle, Executive, KernelMode, FALSE, nullptr);
        ex::free(set.idle, kSetTag);
        set.idle = nullptr;
        purge();
        return true;
    }
    return false;
}

size_t ObjectCallbacks::count() const
{
    return static_cast<size_t>(std::ranges::count_if(m_sets, [](CallbackSet const& set) { return set.idle; }));
}

size_t ObjectCallbacks::routines() const
{
    size_t total = 0;
    for (CallbackSet const& set : m_sets)
        total += set.callbacks.size();
    return total;
}

bool ObjectCallbacks::has(Type const& type) const
{
    for (CallbackSet const& set : m_sets)
        for (ObjectCallback const& callback : set.callbacks)
            if (callback.type == &type && set.idle && !set.leaving)
                return true;
    return false;
}

void ObjectCallbacks::purge()
{
    if (!m_walks)
        m_sets.remove_if([](CallbackSet const& set) { return !set.idle; });
}

struct HandleOperation::Called {
    CallbackSet* set;
    POB_POST_OPERATION_CALLBACK after;
    void* context; // what the routine before left for the one after
};

HandleOperation::HandleOperation(Record& record, ke::Process& process, HandleWish const& wish)
    : m_record(record)
    , m_process(process)
    , m_wish(wish)
    , m_operation(wish.copied_from ? OB_OPERATION_HANDLE_DUPLICATE : OB_OPERATION_HANDLE_CREATE)
    , m_granted(wish.access)
{
    ++manager().callbacks.m_walks;
}

HandleOperation::~HandleOperation()
{
    ObjectCallbacks& all = manager().callbacks;
    for (size_t i = 0; i < m_count; ++i) {
        CallbackSet& set = *m_called[i].set;
        if (--set.busy == 0 && set.leaving)
            ke::KeSetEvent(set.idle, IO_NO_INCREMENT, FALSE);
    }
    if (m_called)
        ex::free(m_called, kCalledTag);
    --all.m_walks;
    all.purge();
}

ACCESS_MASK HandleOperation::before()
{
    ObjectCallbacks& all = manager().callbacks;
    ACCESS_MASK const removable = m_record.type == &process_type ? kRemovableOfProcess : kRemovableOfThread;
    size_t const most = all.routines();
    m_called = static_cast<Called*>(
        ex::allocate(NonPagedPoolNx, most * sizeof(Called), kCalledTag, ex::Owner::Kernel, true));
    if (!m_called)
        return m_granted; // nobody is asked: a process or thread stays reachable when pool is empty
    CriticalRegion region;
    for (CallbackSet& set : all.m_sets) {
        if (!set.idle || set.leaving)
            continue;
        for (ObjectCallback const& callback : set.callbacks) {
            // Who registered since the walk began waits for the next operation.
            if (callback.type != m_record.type || !(callback.operations & m_operation) || m_count == most)
                continue;
            Called& called = m_called[m_count++];
            called = { &set, callback.after, nullptr };
            ++set.busy;
            if (!callback.before)
                continue;
            OB_PRE_OPERATION_PARAMETERS parameters {};
            if (m_wish.copied_from)
                parameters.DuplicateHandleInformation
                    = { m_granted, m_wish.access, m_wish.copied_from->guest, m_process.guest };
            else
                parameters.CreateHandleInformation = { m_granted, m_wish.access };
            OB_PRE_OPERATION_INFORMATION information {};
            information.Operation = m_operation;
            information.KernelHandle = (m_wish.attributes & OBJ_KERNEL_HANDLE) != 0;
            information.Object = m_record.body;
            information.ObjectType = m_record.type->guest;
            information.Parameters = &parameters;
            ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, m_record.number }, callback.before,
                             set.context, &information);
            called.context = information.CallContext;
            m_granted &= parameters.CreateHandleInformation.DesiredAccess | ~removable;
        }
    }
    return m_granted;
}

void HandleOperation::after(NTSTATUS status)
{
    CriticalRegion region;
    for (size_t i = m_count; i-- > 0;) {
        Called const& called = m_called[i];
        if (!called.after)
            continue;
        OB_POST_OPERATION_PARAMETERS parameters {};
        parameters.CreateHandleInformation.GrantedAccess = NT_SUCCESS(status) ? m_granted : 0;
        OB_POST_OPERATION_INFORMATION information {};
        information.Operation = m_operation;
        information.KernelHandle = (m_wish.attributes & OBJ_KERNEL_HANDLE) != 0;
        information.Object = m_record.body;
        information.ObjectType = m_record.type->guest;
        information.CallContext = called.context;
        information.ReturnStatus = status;
        information.Parameters = &parameters;
        ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, m_record.number }, called.after,
                         called.set->context, &information);
    }
}

} // namespace ringside::ob
