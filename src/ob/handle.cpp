// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/object-handles
#include "ob/handle.h"

#include "base/check.h"
#include "ke/kernel.h"
#include "ob/manager.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

namespace {

constexpr size_t kHandlesMax = 1 << 24;
constexpr uint32_t kSystemTable = 0; // process numbers begin at 1 for clients; the System process has its own key

uint64_t value_of(HANDLE handle) { return reinterpret_cast<uint64_t>(handle); }

HANDLE spelled(size_t index, bool kernel)
{
    return reinterpret_cast<HANDLE>(4 * (uint64_t { index } + 1) | (kernel ? kKernelHandleBit : 0));
}

bool is_pseudo(HANDLE handle) { return handle == current_process_handle() || handle == current_thread_handle(); }

uint32_t key_of(ke::Process const& process) { return process.id == kSystemProcessId ? kSystemTable : process.number; }

struct Slot {
    HandleTable* table;
    size_t index;
};

// Nothing for a handle that names no open entry. The two lowest bits are the application's to use, as on Windows.
Result<Slot> slot_of(ke::Process& process, HANDLE handle, KPROCESSOR_MODE mode)
{
    uint64_t value = value_of(handle);
    uint32_t key = key_of(process);
    if (is_kernel_handle(handle)) {
        if (mode != KernelMode)
            return Failure { STATUS_INVALID_HANDLE };
        value &= ~kKernelHandleBit;
        key = kSystemTable;
    }
    HandleTable& table = manager().table_of(key);
    size_t const index = value / 4;
    if (index == 0 || index > table.entries.size() || !table.entries[index - 1].object)
        return Failure { STATUS_INVALID_HANDLE };
    return Slot { &table, index - 1 };
}

void close_slot(HandleTable& table, size_t index)
{
    Record& record = *table.entries[index].object;
    table.entries[index] = { .next_free = table.first_free };
    table.first_free = static_cast<uint32_t>(index + 1);
    --table.open;
    --record.handles;
    --manager().counts_of(*record.type).handles;
    void* const body = record.body;
    if (record.type->closed)
        record.type->closed(body, record.handles);
    if (!record.handles && record.directory && !record.permanent)
        manager().unlink(record);
    dereference(body);
}

} // namespace

bool is_kernel_handle(HANDLE handle)
{
    return (value_of(handle) & kKernelHandleBit) == kKernelHandleBit && !is_pseudo(handle);
}

namespace {

// The object is one process' alone, or was to become so.
NTSTATUS exclusion(Record const& record, uint32_t key, ULONG attributes)
{
    if (!record.exclusive)
        return attributes & OBJ_EXCLUSIVE ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    return record.handles && record.exclusive_to != key ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

Result<HANDLE> add_entry(uint32_t key, Record& record, HandleWish const& wish, ACCESS_MASK granted)
{
    ObjectManager& m = manager();
    if (NTSTATUS status = exclusion(record, key, wish.attributes); status)
        return Failure { status };
    HandleTable& table = m.table_of(key);
    size_t index = table.first_free ? table.first_free - 1 : table.entries.size();
    if (index >= kHandlesMax)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    if (table.first_free)
        table.first_free = table.entries[index].next_free;
    else
        table.entries.emplace_back();
    table.entries[index] = { .object = &record,
                             .granted = granted,
                             .inherit = (wish.attributes & OBJ_INHERIT) != 0,
                             .protect = (wish.attributes & kProtectClose) != 0 };
    ++table.open;
    ++record.handles;
    record.exclusive_to = key;
    TypeCounts& counts = m.counts_of(*record.type);
    counts.most_handles = std::max(counts.most_handles, ++counts.handles);
    reference(record.body);
    return spelled(index, wish.attributes & OBJ_KERNEL_HANDLE);
}

} // namespace

Result<HANDLE> open_handle(ke::Process& process, void* body, HandleWish const& wish)
{
    ObjectManager& m = manager();
    Record& record = m.require(body);
    uint32_t const key = wish.attributes & OBJ_KERNEL_HANDLE ? kSystemTable : key_of(process);
    if (!m.callbacks.watches(*record.type))
        return add_entry(key, record, wish, wish.access);
    HandleOperation operation(record, process, wish);
    auto opened = add_entry(key, record, wish, operation.before());
    operation.after(opened.status());
    return opened;
}

Result<HANDLE> open_handle(ke::Process& process, void* body, ACCESS_MASK granted, bool kernel, bool inherit)
{
    return open_handle(process, body,
                       HandleWish { granted, (kernel ? OBJ_KERNEL_HANDLE : 0) | (inherit ? OBJ_INHERIT : 0) });
}

Result<void> close_handle(ke::Process& process, HANDLE handle, KPROCESSOR_MODE mode)
{
    if (is_pseudo(handle))
        return {};
    auto slot = slot_of(process, handle, mode);
    if (!slot.ok())
        return slot.failure();
    if (slot->table->entries[slot->index].protect)
        return Failure { STATUS_HANDLE_NOT_CLOSABLE };
    close_slot(*slot->table, slot->index);
    return {};
}

Result<void> set_handle_flags(ke::Process& process, HANDLE handle, KPROCESSOR_MODE mode, bool inherit, bool protect)
{
    Slot slot = TRY(slot_of(process, handle, mode));
    slot.table->entries[slot.index].inherit = inherit;
    slot.table->entries[slot.index].protect = protect;
    return {};
}

Result<HandleTarget> resolve_handle(ke::Process& process, HANDLE handle, KPROCESSOR_MODE mode)
{
    if (handle == current_process_handle())
        return HandleTarget { process.guest, &process_type, process_type.all_access, false };
    if (handle == current_thread_handle())
        return HandleTarget { ke::kernel().current().guest, &thread_type, thread_type.all_access, false };
    Slot slot = TRY(slot_of(process, handle, mode));
    HandleEntry const& entry = slot.table->entries[slot.index];
    return HandleTarget { entry.object->body, entry.object->type, entry.granted, entry.inherit, entry.protect };
}

Result<HandleTarget> reference_by_handle(HANDLE handle, ACCESS_MASK desired, Type const* type, KPROCESSOR_MODE mode)
{
    HandleTarget target = TRY(resolve_handle(current_process(), handle, mode));
    if (type && target.type != type)
        return Failure { STATUS_OBJECT_TYPE_MISMATCH };
    if (mode != KernelMode && (desired & ~target.granted))
        return Failure { STATUS_ACCESS_DENIED };
    reference(target.body);
    return target;
}

void close_all_handles(ke::Process& process)
{
    HandleTable& table = manager().table_of(key_of(process));
    // Closing runs drivers, and meanwhile another process may put a handle into this table.
    while (table.open)
        for (size_t i = 0; i < table.entries.size(); ++i)
            if (table.entries[i].object)
                close_slot(table, i);
    manager().forget_table(key_of(process));
}

size_t open_handles_of(ke::Process const& process)
{
    auto it = manager().tables().find(key_of(process));
    return it == manager().tables().end() ? 0 : it->second.open;
}

size_t open_handles()
{
    size_t total = 0;
    for (auto const& [process, table] : manager().tables())
        total += table.open;
    return total;
}

size_t open_kernel_handles() { return manager().table_of(kSystemTable).open; }

void for_each_handle(void (*visit)(void* context, uint32_t process, HANDLE handle, void* body, Type& type),
                     void* context)
{
    for (auto const& [process, table] : manager().tables())
        for (size_t i = 0; i < table.entries.size(); ++i)
            if (Record* object = table.entries[i].object)
                visit(context, process, spelled(i, process == kSystemTable), object->body, *object->type);
}

ke::Process& current_process() { return *ke::kernel().current().attached; }

KPROCESSOR_MODE previous_mode() { return ke::kernel().current().client ? UserMode : KernelMode; }

} // namespace ringside::ob
