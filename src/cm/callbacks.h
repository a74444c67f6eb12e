// SPDX-License-Identifier: MIT
// Registry callbacks: routines of drivers that are told of every registry operation before and after it, may refuse it,
// do it themselves, or change what it returns.
//
//            pre, highest altitude first                        post, lowest first
//   caller --> A --> B --> C --> the operation --> C --> B --> A --> caller
//                    |                                 ^
//                    +-- refuses, or has done it ------+  only those above B get a post-notification
//
//   An operation that a callback begins is told to callbacks below it only.
//
// Invariants
//   L1  the list falls strictly by altitude; those without one (CmRegisterCallback) stand together, in the order they
//   came L2  a routine that is being called stays in the list until it returned; CmUnRegisterCallback waits for that L3
//   without callbacks an operation pays one test
#pragma once

#include "base/result.h"
#include "base/windows.h"
#include "cm/value_data.h"
#include "nt/cm_notify.h"

#include <list>
#include <map>
#include <string>

namespace ringside::cm {

struct KeyObject;

struct Callback {
    int64_t cookie = 0;
    std::u16string altitude; // "": registered without
    nt::PEX_CALLBACK_FUNCTION function = nullptr;
    void* context = nullptr;
    nt::KEVENT* idle = nullptr; // in pool: what CmUnRegisterCallback waits for
    uint32_t busy = 0;
    bool leaving = false;
};

// What callbacks are told of one kind of operation.
struct Operation {
    int32_t pre;
    int32_t post;
    Windows since; // first release that tells
    Windows post_since; // ... afterwards
    bool can_refuse;
};
inline constexpr Windows kXp = Windows::xp_x64, kVista = Windows::vista;
// @cite(wdk-ddi): page=wdm/ne-wdm-_reg_notify_class
inline constexpr Operation kDeleteKey { nt::RegNtPreDeleteKey, nt::RegNtPostDeleteKey, kXp, kXp, true },
    kSetValue { nt::RegNtPreSetValueKey, nt::RegNtPostSetValueKey, kXp, kXp, true },
    kDeleteValue { nt::RegNtPreDeleteValueKey, nt::RegNtPostDeleteValueKey, kXp, kXp, true },
    kSetInformation { nt::RegNtPreSetInformationKey, nt::RegNtPostSetInformationKey, kXp, kXp, true },
    kRenameKey { nt::RegNtPreRenameKey, nt::RegNtPostRenameKey, kXp, kXp, true },
    kEnumerateKey { nt::RegNtPreEnumerateKey, nt::RegNtPostEnumerateKey, kXp, kXp, true },
    kEnumerateValue { nt::RegNtPreEnumerateValueKey, nt::RegNtPostEnumerateValueKey, kXp, kXp, true },
    kQueryKey { nt::RegNtPreQueryKey, nt::RegNtPostQueryKey, kXp, kXp, true },
    kQueryValue { nt::RegNtPreQueryValueKey, nt::RegNtPostQueryValueKey, kXp, kXp, true },
    kQueryMultiple { nt::RegNtPreQueryMultipleValueKey, nt::RegNtPostQueryMultipleValueKey, kXp, kXp, true },
    kCreateKey { nt::RegNtPreCreateKeyEx, nt::RegNtPostCreateKeyEx, kXp, kXp, true },
    kOpenKey { nt::RegNtPreOpenKeyEx, nt::RegNtPostOpenKeyEx, kXp, kXp, true },
    kCloseKey { nt::RegNtPreKeyHandleClose, nt::RegNtPostKeyHandleClose, kXp, kXp, false },
    kFlushKey { nt::RegNtPreFlushKey, nt::RegNtPostFlushKey, kVista, kVista, true },
    kLoadKey { nt::RegNtPreLoadKey, nt::RegNtPostLoadKey, kVista, kVista, true },
    kUnloadKey { nt::RegNtPreUnLoadKey, nt::RegNtPostUnLoadKey, kVista, kVista, true },
    kSaveKey { nt::RegNtPreSaveKey, nt::RegNtPostSaveKey, kVista, kVista, true },
    kRestoreKey { nt::RegNtPreRestoreKey, nt::RegNtPostRestoreKey, kVista, kVista, true };

class CallbackList {
public:
    CallbackList();
    ~CallbackList();
    CallbackList(CallbackList const&) = delete;
    CallbackList& operator=(CallbackList const&) = delete;

    // STATUS_FLT_INSTANCE_ALTITUDE_COLLISION, STATUS_INVALID_PARAMETER (no altitude), STATUS_INSUFFICIENT_RESOURCES.
    Result<int64_t> add(nt::PEX_CALLBACK_FUNCTION function, void* context, std::u16string altitude);
    // STATUS_INVALID_PARAMETER. Waits for calls in progress, then lets the routine clean up its object contexts.
    nt::NTSTATUS remove(int64_t cookie);
    Callback* find(int64_t cookie);
    bool empty() const { return m_callbacks.empty(); }
    size_t count() const { return m_callbacks.size(); }

    std::list<Callback>& all() { return m_callbacks; }
    uint32_t walks = 0; // through the list, in progress: what was removed stays in it that long
    void purge();
    // The callback that a thread is in, innermost; null: none.
    Callback* current(uint32_t thread) const;
    void set_current(uint32_t thread, Callback* callback);

private:
    std::list<Callback> m_callbacks;
    std::map<uint32_t, Callback*> m_current; // by thread number
    int64_t m_cookies = 0;
};

extern CallbackList* g_callbacks;

// One operation on its way past the callbacks. The structure and the two fields are those that pre-notifications get.
class CallbackWalk {
public:
    struct Told {
        Callback* callback;
        void* call_context;
    };
    CallbackWalk(Operation const& operation, void* object, void* information, void** call_context,
                 void** object_context);
    ~CallbackWalk();
    CallbackWalk(CallbackWalk const&) = delete;
    CallbackWalk& operator=(CallbackWalk const&) = delete;

    // Whether the operation is to be done; else `status()` is the answer already.
    bool before();
    nt::NTSTATUS status() const { return m_status; }
    // The status for the caller. An open or create ends with the object at `result`, which callbacks may exchange, and
    // without one when it failed.
    nt::NTSTATUS after(nt::NTSTATUS status, void* const* result = nullptr);

private:
    nt::NTSTATUS call(Callback& callback, int32_t notify_class, void* information);
    void* context_of(void* object, Callback const& callback) const;

    Operation const& m_operation;
    void* m_object;
    void* m_information;
    void** m_call_context;
    void** m_object_context;
    nt::NTSTATUS m_status = 0;
    PoolBytes m_told; // Told[], as many as there were callbacks
    size_t m_count = 0;
};

// Does an operation, told to callbacks before and after. The body is the key object's; `perform` gives the status.
template <typename Information, typename Perform>
nt::NTSTATUS notified(Operation const& operation, void* body, Information& information, Perform perform)
{
    if (g_callbacks->empty()) [[likely]]
        return perform();
    CallbackWalk walk(operation, body, &information, &information.CallContext, &information.ObjectContext);
    if (!walk.before())
        return walk.after(walk.status());
    return walk.after(perform());
}

// Cleanup notifications for all contexts of a key object that goes.
void clean_contexts(void* body, KeyObject& object);

} // namespace ringside::cm
