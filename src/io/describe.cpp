// SPDX-License-Identifier: MIT
#include "io/describe.h"

#include "io/guest_string.h"
#include "io/manager.h"

#include <fmt/format.h>

namespace ringside::io {

namespace {

std::string flags_of(DEVICE_OBJECT const& device)
{
    std::string text = device.Flags & DO_BUFFERED_IO ? "BUFFERED" : device.Flags & DO_DIRECT_IO ? "DIRECT" : "NEITHER";
    if (device.Flags & DO_DEVICE_INITIALIZING)
        text += " INITIALIZING";
    if (device.Flags & DO_EXCLUSIVE)
        text += " EXCLUSIVE";
    if (device.Flags & DO_POWER_PAGABLE)
        text += " POWER_PAGABLE";
    return text;
}

std::string line_of(DeviceRecord const& record)
{
    std::string line = fmt::format("{} ({})  stack {}  {}", label_of(record), record.driver->label,
                                   static_cast<int>(record.device->StackSize), flags_of(*record.device));
    if (record.opens)
        line += fmt::format(" opens={}", record.opens);
    if (record.delete_pending)
        line += " delete pending";
    if (record.unload_pending)
        line += " unload pending";
    return line;
}

std::string stack_lines(DeviceRecord const* top)
{
    std::string text;
    for (DeviceRecord const* at = top; at; at = at->attached_to)
        text += line_of(*at) + "\n";
    return text;
}

DeviceRecord const* top_record(DeviceRecord const* record)
{
    while (record && record->attached)
        record = record->attached;
    return record;
}

} // namespace

std::string label_of(DeviceRecord const& device)
{
    return device.name.empty() ? fmt::format("device {}", device.number) : plain(device.name);
}

std::string major_name(UCHAR major)
{
    static constexpr char const* kNames[] = {
        "CREATE", "CREATE_NAMED_PIPE", "CLOSE", "READ", "WRITE", "QUERY_INFORMATION", "SET_INFORMATION", "QUERY_EA",
        "SET_EA", "FLUSH_BUFFERS", "QUERY_VOLUME_INFORMATION", "SET_VOLUME_INFORMATION", "DIRECTORY_CONTROL",
        "FILE_SYSTEM_CONTROL", "DEVICE_CONTROL", "INTERNAL_DEVICE_CONTROL", "SHUTDOWN", "LOCK_CONTROL", "CLEANUP",
        "CREATE_MAILSLOT", "QUERY_SECURITY", "SET_SECURITY", "POWER", "SYSTEM_CONTROL", "DEVICE_CHANGE", "QUERY_QUOTA",
        "SET_QUOTA", "PNP",
    };
    static_assert(std::size(kNames) == IRP_MJ_MAXIMUM_FUNCTION + 1);
    return major <= IRP_MJ_MAXIMUM_FUNCTION ? kNames[major] : fmt::format("0x{:02X}", major);
}

std::string describe_stack(DEVICE_OBJECT* device)
{
    DeviceRecord const* record = manager().devices().find(device);
    return record ? stack_lines(top_record(record)) : "no device\n";
}

std::string describe_devices()
{
    std::string text;
    manager().devices().for_each(
        [](void* context, DeviceRecord const& record) {
            if (!record.attached_to)
                *static_cast<std::string*>(context) += stack_lines(top_record(&record));
        },
        &text);
    return text;
}

std::string describe_irp(IrpRecord const& record)
{
    std::string text = fmt::format("IRP {} {}", record.number, name_of(record.state));
    if (record.thread)
        text += fmt::format(" thread {}", record.thread_number);
    if (record.driver_number)
        if (DriverRecord const* driver = manager().drivers().by_number(record.driver_number))
            text += fmt::format(" at {}", driver->label);
    if (record.state == IrpState::Freed)
        return text + "\n";
    IRP const& irp = *record.irp;
    text += fmt::format(" location {}/{}{}{}\n", static_cast<int>(irp.CurrentLocation), record.stack_count,
                        irp.Cancel ? " cancelled" : "", irp.PendingReturned ? " pending returned" : "");
    auto const* locations = reinterpret_cast<IO_STACK_LOCATION const*>(&irp + 1);
    for (int i = record.stack_count; i >= 1; --i) {
        IO_STACK_LOCATION const& location = locations[i - 1];
        DeviceRecord const* device = manager().devices().find_safely(location.DeviceObject);
        if (!device && i != irp.CurrentLocation)
            continue;
        text += fmt::format(" {}{}: {}.{:x} {}{}{}\n", i == irp.CurrentLocation ? ">" : " ", i,
                            major_name(location.MajorFunction), location.MinorFunction,
                            device ? label_of(*device) : std::string("-"),
                            location.Control & SL_PENDING_RETURNED ? " pending" : "",
                            location.CompletionRoutine ? " completion" : "");
    }
    return text;
}

} // namespace ringside::io
