// SPDX-License-Identifier: MIT
#include "ob/ddi.h"

#include "ke/kernel.h"
#include "ob/capture.h"
#include "ob/manager.h"

namespace ringside::ob {

using namespace nt;

namespace {

// One entry of a registration. STATUS_INVALID_PARAMETER, STATUS_ACCESS_DENIED.
Result<ObjectCallback> capture(OB_OPERATION_REGISTRATION const* from)
{
    OB_OPERATION_REGISTRATION const given = get(from);
    constexpr OB_OPERATION kKnown = OB_OPERATION_HANDLE_CREATE | OB_OPERATION_HANDLE_DUPLICATE;
    Type* type = given.ObjectType ? type_of_guest(get(given.ObjectType)) : nullptr;
    if ((type != &process_type && type != &thread_type) || !given.Operations || (given.Operations & ~kKnown)
        || (!given.PreOperation && !given.PostOperation))
        return Failure { STATUS_INVALID_PARAMETER };
    if (auto const trusted = manager().callbacks.is_trusted)
        for (auto function :
             { reinterpret_cast<void const*>(given.PreOperation), reinterpret_cast<void const*>(given.PostOperation) })
            if (function && !trusted(function))
                return Failure { STATUS_ACCESS_DENIED };
    return ObjectCallback { type, given.Operations, given.PreOperation, given.PostOperation };
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-obregistercallbacks
// @cite(wdk-ddi): page=wdm/ns-wdm-_ob_operation_registration
NTSTATUS ObRegisterCallbacks(OB_CALLBACK_REGISTRATION* registration, PVOID* handle)
{
    OB_CALLBACK_REGISTRATION const given = get(registration);
    if ((given.Version & 0xFF00) != OB_FLT_REGISTRATION_VERSION || !given.OperationRegistrationCount
        || !given.OperationRegistration)
        return STATUS_INVALID_PARAMETER;
    put(handle, nullptr);
    // Everything that can fault is read once before this frame owns memory.
    for (USHORT i = 0; i < given.OperationRegistrationCount; ++i)
        if (auto entry = capture(given.OperationRegistration + i); !entry.ok())
            return entry.status();
    CallbackSet set;
    if (auto altitude = read_string(&given.Altitude); altitude.ok())
        set.altitude = std::move(*altitude);
    if (!is_altitude(set.altitude))
        return STATUS_INVALID_PARAMETER;
    set.context = given.RegistrationContext;
    for (USHORT i = 0; i < given.OperationRegistrationCount; ++i)
        set.callbacks.push_back(*capture(given.OperationRegistration + i));
    auto added = manager().callbacks.add(std::move(set));
    if (!added.ok())
        return added.status();
    put(handle, *added);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-obunregistercallbacks
void ObUnRegisterCallbacks(PVOID handle)
{
    if (manager().callbacks.remove(handle))
        return;
    static_cast<void>(get(static_cast<uint64_t const*>(handle)));
    ke::bug_check(BAD_POOL_CALLER, 0x46, reinterpret_cast<uint64_t>(handle), 0, 0,
                  "ObUnRegisterCallbacks was given what ObRegisterCallbacks never returned, or twice");
}

USHORT ObGetFilterVersion() { return OB_FLT_REGISTRATION_VERSION; }

} // namespace ringside::ob
