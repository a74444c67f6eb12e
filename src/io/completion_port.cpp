// SPDX-License-Identifier: MIT
#include "io/completion_port.h"

#include "ex/pool.h"
#include "io/event.h"
#include "io/manager.h"
#include "ke/dispatcher_objects.h"
#include "ob/handle.h"
#include "ob/object.h"

#include <utility>

namespace ringside::io {

namespace {

constexpr ULONG kPortTag = 0x706F6F49;    // 'Ioop' of port objects
constexpr ULONG kContextTag = 0x43506F49; // 'IoPC'
constexpr ULONG kPacketTag = 0x6B506F49;  // 'IoPk'
constexpr ULONG kPosted = 1;              // Tail.Overlay.PacketType: no IRP

// Laid out as an IRP is from Tail.Overlay.ListEntry on, so that the type tells which of the two an entry is.
struct Posted {
    LIST_ENTRY entry;
    ULONG type;
    PortPacket packet;
};
static_assert(offsetof(IRP, Tail.Overlay.PacketType) - offsetof(IRP, Tail.Overlay.ListEntry) == offsetof(Posted, type));

Posted* posted(LIST_ENTRY* entry)
{
    auto* packet = CONTAINING_RECORD(entry, Posted, entry);
    return packet->type == kPosted ? packet : nullptr;
}

// Frees the entry, which is off the queue.
PortPacket unpack(LIST_ENTRY* entry)
{
    if (Posted* packet = posted(entry)) {
        PortPacket const contents = packet->packet;
        ex::free(packet, kPacketTag);
        return contents;
    }
    IRP* irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
    PortPacket const contents { irp->Tail.CompletionKey, irp->Overlay.AsynchronousParameters.UserApcContext,
                                irp->IoStatus.Status, irp->IoStatus.Information };
    if (IrpRecord* record = manager().irps().find_ours(irp))
        manager().release(*record);
    return contents;
}

void drop_packets(KQUEUE& port)
{
    LIST_ENTRY* const first = ke::KeRundownQueue(&port);
    if (!first)
        return;
    LIST_ENTRY* entry = first;
    do {
        LIST_ENTRY* const next = entry->Flink;
        (void)unpack(entry);
        entry = next;
    } while (entry != first);
}

void insert(KQUEUE& port, LIST_ENTRY& entry)
{
    if (port.Header.Abandoned)
        (void)unpack(&entry);
    else
        ke::KeInsertQueue(&port, &entry);
}

void port_closed(void* body, uint32_t remaining)
{
    if (!remaining && ke::kernel().options().windows >= Windows::vista)
        drop_packets(*static_cast<KQUEUE*>(body));
}

void port_deleted(void* body) { drop_packets(*static_cast<KQUEUE*>(body)); }

Result<IO_COMPLETION_CONTEXT*> make_context(HANDLE handle, void* key, KPROCESSOR_MODE mode)
{
    constexpr ACCESS_MASK modify_state = 2; // IO_COMPLETION_MODIFY_STATE
    auto const target = TRY(ob::reference_by_handle(handle, modify_state, &ob::completion_port_type, mode));
    auto* context = static_cast<IO_COMPLETION_CONTEXT*>(
        ex::allocate(NonPagedPoolNx, sizeof(IO_COMPLETION_CONTEXT), kContextTag, ex::Owner::Kernel, false));
    if (!context) {
        ob::dereference(target.body);
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    }
    *context = { target.body, key };
    return context;
}

} // namespace

Result<HANDLE> create_port(ULONG concurrent)
{
    auto* port = static_cast<KQUEUE*>(TRY(ob::create(ob::completion_port_type, sizeof(KQUEUE), kPortTag)));
    ke::KeInitializeQueue(port, concurrent);
    auto const handle = ob::open_handle(ob::current_process(), port, ob::completion_port_type.all_access, false, false);
    ob::dereference(port);
    return handle;
}

NTSTATUS associate(FILE_OBJECT& file, HANDLE port, void* key, KPROCESSOR_MODE mode)
{
    if ((file.Flags & FO_SYNCHRONOUS_IO) || file.CompletionContext)
        return STATUS_INVALID_PARAMETER;
    auto context = make_context(port, key, mode);
    if (!context.ok())
        return context.status();
    file.CompletionContext = *context;
    return STATUS_SUCCESS;
}

NTSTATUS replace_port(FILE_OBJECT& file, HANDLE port, void* key, KPROCESSOR_MODE mode)
{
    if (file.Flags & FO_SYNCHRONOUS_IO)
        return STATUS_INVALID_PARAMETER;
    if (!port) {
        leave_port(file);
        return STATUS_SUCCESS;
    }
    auto context = make_context(port, key, mode);
    if (!context.ok())
        return context.status();
    leave_port(file);
    file.CompletionContext = *context;
    return STATUS_SUCCESS;
}

NTSTATUS take_packet(KQUEUE& port, KPROCESSOR_MODE mode, LARGE_INTEGER const* timeout, PortPacket& packet)
{
    LIST_ENTRY* const entry = ke::KeRemoveQueue(&port, mode, const_cast<LARGE_INTEGER*>(timeout));
    auto const status = static_cast<NTSTATUS>(reinterpret_cast<intptr_t>(entry));
    if (status == STATUS_TIMEOUT || status == STATUS_ABANDONED || status == STATUS_USER_APC)
        return status;
    packet = unpack(entry);
    return STATUS_SUCCESS;
}

NTSTATUS post_packet(KQUEUE& port, PortPacket const& packet)
{
    auto* made
        = static_cast<Posted*>(ex::allocate(NonPagedPoolNx, sizeof(Posted), kPacketTag, ex::Owner::Kernel, true));
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    made->type = kPosted;
    made->packet = packet;
    insert(port, made->entry);
    return STATUS_SUCCESS;
}

NTSTATUS post_fast(FILE_OBJECT& file, void* context, IO_STATUS_BLOCK const& status)
{
    IO_COMPLETION_CONTEXT const* const to = file.CompletionContext;
    if (!to || !context || NT_ERROR(status.Status) || (file.Flags & FO_SKIP_COMPLETION_PORT))
        return STATUS_SUCCESS;
    return post_packet(*static_cast<KQUEUE*>(to->Port), { to->Key, context, status.Status, status.Information });
}

void queue_irp(IrpRecord& record)
{
    IRP* const irp = record.irp;
    FILE_OBJECT* const file = std::exchange(record.file, nullptr);
    IO_COMPLETION_CONTEXT const* const to = file->CompletionContext;
    auto* const port = static_cast<KQUEUE*>(to->Port);
    ob::reference(port); // the file may go first
    if (KEVENT* event = std::exchange(record.event, nullptr))
        ob::dereference(event);
    irp->Tail.CompletionKey = to->Key;
    irp->Tail.Overlay.PacketType = 0;
    insert(*port, irp->Tail.Overlay.ListEntry);
    ob::dereference(port);
    ob::dereference(file); // last: its close runs a driver
}

void leave_port(FILE_OBJECT& file)
{
    IO_COMPLETION_CONTEXT* const context = file.CompletionContext;
    file.CompletionContext = nullptr;
    if (!context)
        return;
    ob::dereference(context->Port);
    ex::free(context, kContextTag);
}

void connect_ports()
{
    ob::completion_port_type.closed = &port_closed;
    ob::completion_port_type.deleted = &port_deleted;
}

} // namespace ringside::io
