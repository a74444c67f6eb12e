// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioraiseharderror
#include "io/hard_error.h"

#include "base/check.h"
#include "ex/pool.h"
#include "io/complete.h"
#include "io/dispatch.h"
#include "io/manager.h"
#include "ke/apc.h"
#include "ke/door.h"
#include "ke/kernel.h"
#include "ob/object.h"
#include "rtl/multi_byte.h"
#include "rtl/strings.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::io {

namespace {

constexpr ULONG kDialogTag = 0x65486F49; // 'IoHe'
// How many boxes Windows lets wait is not documented.
constexpr size_t kUpMax = 25;

// The box of one IRP, until it is answered.
struct Dialog {
    KAPC apc;
    IRP* irp;
    uint32_t irp_number; // of its record; 0: it has none
    size_t index;
};

char const* name_of(NTSTATUS status)
{
    auto const found = std::ranges::find(kStatusNames, status, &StatusName::status);
    return found == std::end(kStatusNames) ? "Unknown Hard Error" : found->name;
}

bool is_known(NTSTATUS status)
{
    return std::ranges::find(kStatusNames, status, &StatusName::status) != std::end(kStatusNames);
}

bool is_system(ke::Thread const* thread) { return !thread || !thread->client; }

std::string caption_of(ke::Thread const* thread)
{
    return fmt::format("{} - System Error", is_system(thread) ? "System Process" : thread->process->name);
}

void log_dialog(HardError const& error)
{
    if (ke::g_binding == ke::Binding::Bare)
        return;
    ke::kernel().log(sim::Event::Note, 0,
                     sim::world().log().add_text(fmt::format("hard error: {}: {} {}", error.caption,
                                                             name_of(error.status), rtl::utf8(error.text))));
}

void complete_without_data(IRP* irp)
{
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_DISK_INCREMENT);
}

// The driver that raised the error gets its IRP again, at the location it had it at. What stands above was told that it
// is pending, and the location says so: the routine's status is for nobody.
void send_again(IRP* irp)
{
    IO_STACK_LOCATION* location = current_location(irp);
    DEVICE_OBJECT* device = location->DeviceObject;
    PDRIVER_DISPATCH const* table = device->DriverObject->MajorFunction;
    PDRIVER_DISPATCH const dispatch = table[location->MajorFunction];
    if (ke::g_binding == ke::Binding::Bare) {
        (void)dispatch(device, irp);
        return;
    }
    IrpRecord& record = manager().irps().note(irp);
    uint32_t const number = record.number;
    record.state = IrpState::InFlight;
    ++record.trips;
    ke::DoorPassage passage { ke::Door::Dispatch,
                              nullptr,
                              number,
                              passage_detail(location->MajorFunction, location->MinorFunction, record.driver_number),
                              0,
                              irp };
    NTSTATUS const status = ke::through_door(passage, dispatch, device, irp);
    if (status == STATUS_PENDING && record.number == number && record.state == IrpState::InFlight)
        record.state = IrpState::Pending;
}

// In the issuer's thread.
void show(Dialog* dialog)
{
    HardErrors& errors = manager().hard_errors();
    IRP* const irp = dialog->irp;
    uint32_t const number = dialog->irp_number;
    size_t const index = dialog->index;
    ex::free(dialog, kDialogTag);
    log_dialog(errors.at(index));
    LARGE_INTEGER interval {};
    interval.QuadPart = -errors.user.answers_after_100ns;
    (void)ke::kernel().delay(KernelMode, false, interval);
    HardError& error = errors.at(index);
    error.answered_100ns = sim::world().now_100ns();
    bool const again = errors.user.retries != 0;
    error.answer = again ? HardErrorAnswer::TriedAgain : HardErrorAnswer::Cancelled;
    IrpRecord const* record = record_of(irp);
    if (number && (!record || record->number != number || record->state == IrpState::Freed))
        return; // its driver completed it all the same
    if (!again) {
        complete_without_data(irp);
        return;
    }
    --errors.user.retries;
    send_again(irp);
}

NTAPI void nothing_more(KAPC*, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) { }
NTAPI void show_apc(PVOID dialog, PVOID, PVOID) { show(static_cast<Dialog*>(dialog)); }

std::u16string device_name(DEVICE_OBJECT* device, VPB const* vpb)
{
    DeviceRecord const* record = device ? manager().devices().find(device) : nullptr;
    std::u16string text = record ? record->name : std::u16string();
    if (vpb && vpb->VolumeLabelLength)
        text += u" " + std::u16string(vpb->VolumeLabel, std::min<size_t>(vpb->VolumeLabelLength / 2, 32));
    return text;
}

} // namespace

size_t HardErrors::add(HardError error)
{
    error.raised_100ns = sim::world().now_100ns();
    m_all.push_back(std::move(error));
    return m_all.size() - 1;
}

bool HardErrors::is_refused(HardError const& error) const
{
    uint64_t const now = sim::world().now_100ns();
    size_t up = 0;
    for (HardError const& other : m_all) {
        if (!other.informational || !other.shown || other.answered_100ns <= now)
            continue;
        ++up;
        if (other.status == error.status && other.caption == error.caption && other.text == error.text)
            return true;
    }
    return up >= kUpMax;
}

void IoRaiseHardError(IRP* irp, VPB* vpb, DEVICE_OBJECT* real_device)
{
    ke::Kernel& k = ke::kernel();
    Manager& io = manager();
    ke::Thread* issuer = k.thread_of(reinterpret_cast<PKTHREAD>(irp->Tail.Overlay.Thread));
    bool const silent = io.marks_of(k.current()).hard_errors_off || !issuer || !issuer->apc_queueable;
    auto* dialog = silent
        ? nullptr
        : static_cast<Dialog*>(ex::allocate(NonPagedPoolNx, sizeof(Dialog), kDialogTag, ex::Owner::Kernel, true));
    if (!dialog) {
        complete_without_data(irp);
        return;
    }
    IrpRecord const* record = record_of(irp);
    dialog->irp = irp;
    dialog->irp_number = record ? record->number : 0;
    dialog->index = io.hard_errors().add({ .status = irp->IoStatus.Status,
                                           .irp_number = dialog->irp_number,
                                           .caption = caption_of(issuer),
                                           .text = device_name(real_device, vpb) });
    ke::initialize_apc(dialog->apc, *issuer, ke::Environment::Original, nothing_more, nullptr, show_apc, KernelMode,
                       dialog);
    CHECK(ke::insert_apc(dialog->apc, nullptr, nullptr, 0), "a thread that takes APCs refused one");
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioraiseinformationalharderror
BOOLEAN IoRaiseInformationalHardError(NTSTATUS status, UNICODE_STRING* text, KTHREAD* thread)
{
    ke::Kernel& k = ke::kernel();
    Manager& io = manager();
    ke::Thread* const of = thread ? k.thread_of(thread) : nullptr;
    if (io.marks_of(of ? *of : k.current()).hard_errors_off)
        return FALSE;
    HardError error { .status = status,
                      .informational = true,
                      .caption = caption_of(of),
                      .text = text ? std::u16string(rtl::view(*text)) : std::u16string() };
    // A system thread's session has no screen.
    error.shown = k.options().windows < Windows::vista || !is_system(&k.current());
    if (io.hard_errors().is_refused(error))
        return FALSE;
    error.answered_100ns = sim::world().now_100ns()
        + (error.shown ? static_cast<uint64_t>(io.hard_errors().user.answers_after_100ns) : 0);
    error.answer = HardErrorAnswer::Cancelled;
    log_dialog(error);
    if (is_system(of) && is_known(status)) {
        DriverRecord const* driver = io.drivers().calling();
        io.error_log().note(driver ? driver->number : 0, status, error.text);
    }
    io.hard_errors().add(std::move(error));
    return TRUE;
}

} // namespace ringside::io
