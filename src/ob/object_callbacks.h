// SPDX-License-Identifier: MIT
// Object callbacks (ObRegisterCallbacks): routines of drivers that are called before and after a handle to a process or a
// thread is made or duplicated. Before, from the highest altitude to the lowest, they may take rights away; after, they
// hear what became of it, from the lowest to the highest.
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <cstdint>
#include <list>
#include <string>
#include <vector>

namespace ringside::ke {
struct Process;
}

namespace ringside::ob {

struct HandleWish;
struct Record;
struct Type;

struct ObjectCallback {
    Type* type;
    nt::OB_OPERATION operations;
    nt::POB_PRE_OPERATION_CALLBACK before;
    nt::POB_POST_OPERATION_CALLBACK after;
};

// What one ObRegisterCallbacks call registered. The driver's handle is a block of kernel memory with the event that
// ObUnRegisterCallbacks waits for.
struct CallbackSet {
    nt::KEVENT* idle = nullptr; // null: unregistered
    std::u16string altitude;
    void* context = nullptr;
    std::vector<ObjectCallback> callbacks;
    uint32_t busy = 0; // handle operations that have called it and are not over
    bool leaving = false;
};

class ObjectCallbacks {
public:
    bool watches(Type const& type) const { return !m_sets.empty() && has(type); }
    // STATUS_FLT_INSTANCE_ALTITUDE_COLLISION, STATUS_INSUFFICIENT_RESOURCES.
    Result<void*> add(CallbackSet&& set);
    // Waits until none of its routines runs. False when there is none of that handle.
    bool remove(void* handle);
    size_t count() const;
    size_t routines() const;

    // Whether the image around a function is one that Windows would let register; null: taken for granted.
    bool (*is_trusted)(void const* function) = nullptr;

private:
    friend class HandleOperation;
    bool has(Type const& type) const;
    void purge();

    std::list<CallbackSet> m_sets; // from the highest altitude to the lowest
    uint32_t m_walks = 0;
};

// -1, 0 or 1: decimal numbers of any length, with a fraction or without.
int compare_altitudes(std::u16string_view a, std::u16string_view b);
bool is_altitude(std::u16string_view text);

// One handle being made: holds what was called before until it has been called after, also when a routine raises.
class HandleOperation {
public:
    HandleOperation(Record& record, ke::Process& process, HandleWish const& wish);
    ~HandleOperation();
    HandleOperation(HandleOperation const&) = delete;
    HandleOperation& operator=(HandleOperation const&) = delete;

    // What may be granted.
    nt::ACCESS_MASK before();
    void after(nt::NTSTATUS status);

private:
    struct Called;

    Record& m_record;
    ke::Process& m_process;
    HandleWish const& m_wish;
    nt::OB_OPERATION m_operation;
    nt::ACCESS_MASK m_granted;
    Called* m_called = nullptr; // kernel memory: an array of m_count
    size_t m_count = 0;
};

} // namespace ringside::ob
