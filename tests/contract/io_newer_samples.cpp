// SPDX-License-Identifier: MIT
// Share access of links, hard errors, and small things that drivers ask of a file or a driver object.
#include "io_stage.h"

#include "io/activity.h"
#include "io/boot_driver.h"
#include "io/hard_error.h"
#include "io/keep_alive.h"
#include "io/mark_ddi.h"
#include "io/share_access.h"
#include "io/thread_ddi.h"
#include "ob/object.h"
#include "rtl/strings.h"

#include <fmt/format.h>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kUpdate = IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS;

// A file with two hard links.
struct Linked {
    SHARE_ACCESS stream {};
    LINK_SHARE_ACCESS links[2] {};
    FILE_OBJECT files[3] {};
};

std::string counts(LINK_SHARE_ACCESS const& link)
{
    return fmt::format("{} opens, {} delete, {} let delete", link.OpenCount, link.Deleters, link.SharedDelete);
}

// A request of the stage's driver that failed and was marked pending, as a file system has it when it raises the error.
IRP* failed(Stage& stage, unsigned& taken_back)
{
    IRP* irp = stage.irp();
    IO_STACK_LOCATION* location = io::current_location(irp);
    location->CompletionRoutine = &take_back;
    location->Context = &taken_back;
    location->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    irp->IoStatus.Status = STATUS_DEVICE_NOT_READY;
    irp->IoStatus.Information = 512;
    io::mark_pending(irp);
    return irp;
}

constexpr GUID kFrom { 1, 2, 3, { 4 } };
constexpr GUID kTo { 5, 6, 7, { 8 } };

} // namespace

// Who deletes by one link is kept off by the opens of that link, and not by those of another.
SAMPLE(IoCheckLinkShareAccess)
{
    auto& of = at.object<Linked>();
    at.status(STATUS_SUCCESS, FILE_READ_DATA, FILE_SHARE_READ, &of.files[0], &of.stream, &of.links[0], kUpdate);
    EXPECT_EQ(counts(of.links[0]), "1 opens, 0 delete, 0 let delete");
    EXPECT_EQ(of.stream.Readers, 1u);
    EXPECT_TRUE(of.files[0].ReadAccess);
    at.status(STATUS_SHARING_VIOLATION, DELETE, FILE_SHARE_READ, &of.files[1], &of.stream, &of.links[0], kUpdate);
    at.status(STATUS_SUCCESS, DELETE, FILE_SHARE_READ, &of.files[1], &of.stream, &of.links[1], kUpdate);
    EXPECT_EQ(counts(of.links[1]), "1 opens, 1 delete, 0 let delete");
    EXPECT_EQ(of.stream.OpenCount, 2u);
    // Without a link, or when told so, the stream's counts decide.
    at.status(STATUS_SHARING_VIOLATION, DELETE, FILE_SHARE_READ, &of.files[2], &of.stream, nullptr, 0u);
    at.status(STATUS_SHARING_VIOLATION, DELETE, FILE_SHARE_READ, &of.files[2], &of.stream,
              &at.object<LINK_SHARE_ACCESS>(), IO_CHECK_SHARE_ACCESS_FORCE_USING_SCB);
    // Reading and writing are the stream's, whatever the link.
    at.status(STATUS_SHARING_VIOLATION, FILE_WRITE_DATA, FILE_SHARE_VALID_FLAGS, &of.files[2], &of.stream, &of.links[1],
              kUpdate);
}

SAMPLE_AS(IoCheckLinkShareAccess, flags)
{
    auto& of = at.object<Linked>();
    ULONG const quiet = IO_CHECK_SHARE_ACCESS_DONT_UPDATE_FILE_OBJECT;
    at.status(STATUS_SUCCESS, FILE_READ_DATA, 0u, &of.files[0], &of.stream, nullptr,
              kUpdate | IO_SHARE_ACCESS_NO_WRITE_PERMISSION);
    EXPECT_EQ(of.stream.SharedRead, 1u) << "who may not write cannot keep readers off";
    at.status(STATUS_SUCCESS, FILE_READ_DATA, FILE_SHARE_READ, &of.files[1], &of.stream, nullptr, quiet);
    EXPECT_FALSE(of.files[1].ReadAccess);
    EXPECT_EQ(of.stream.OpenCount, 1u);
    at.status(STATUS_SHARING_VIOLATION, FILE_WRITE_DATA, FILE_SHARE_READ, nullptr, &of.stream, nullptr, 0u);
    at.status(STATUS_SUCCESS, FILE_WRITE_DATA, FILE_SHARE_READ, nullptr, &of.stream, nullptr,
              IO_CHECK_SHARE_ACCESS_DONT_CHECK_WRITE);
    at.status(STATUS_SHARING_VIOLATION, FILE_READ_DATA, 0u, nullptr, &of.stream, nullptr, 0u);
    at.status(STATUS_SUCCESS, FILE_READ_DATA, 0u, nullptr, &of.stream, nullptr, IO_CHECK_SHARE_ACCESS_DONT_CHECK_READ);
    at.status(STATUS_SHARING_VIOLATION, DELETE, FILE_SHARE_READ, nullptr, &of.stream, nullptr, 0u);
    at.status(STATUS_SUCCESS, DELETE, FILE_SHARE_READ, nullptr, &of.stream, nullptr,
              IO_CHECK_SHARE_ACCESS_DONT_CHECK_DELETE);
    // Who neither reads nor writes nor deletes is asked only when told so, and is never counted.
    at.status(STATUS_SUCCESS, FILE_READ_ATTRIBUTES, 0u, nullptr, &of.stream, nullptr, kUpdate);
    at.status(STATUS_SHARING_VIOLATION, FILE_READ_ATTRIBUTES, 0u, nullptr, &of.stream, nullptr,
              IO_CHECK_SHARE_ACCESS_FORCE_CHECK);
    EXPECT_EQ(of.stream.OpenCount, 1u);
}

// The deletion of a named stream is none of the link's, but the stream's opens keep the link.
SAMPLE_AS(IoCheckLinkShareAccess, named_stream)
{
    auto& of = at.object<Linked>();
    at.status(STATUS_SUCCESS, DELETE, FILE_SHARE_READ, &of.files[0], &of.stream, &of.links[0],
              kUpdate | IO_SHARE_ACCESS_NON_PRIMARY_STREAM);
    EXPECT_EQ(counts(of.links[0]), "1 opens, 0 delete, 0 let delete");
    at.status(STATUS_SHARING_VIOLATION, DELETE, FILE_SHARE_DELETE, nullptr, &at.object<SHARE_ACCESS>(), &of.links[0],
              0u);
    at.status(STATUS_SHARING_VIOLATION, DELETE, FILE_SHARE_DELETE, nullptr, &of.stream, &of.links[1],
              IO_SHARE_ACCESS_NON_PRIMARY_STREAM);
}

SAMPLE(IoSetLinkShareAccess)
{
    auto& of = at.object<Linked>();
    of.stream.OpenCount = 7;
    of.links[0].OpenCount = 7;
    at.call(DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, &of.files[0], &of.stream, &of.links[0], 0u);
    EXPECT_TRUE(of.files[0].DeleteAccess);
    EXPECT_EQ(of.stream.OpenCount, 7u) << "without the flag";
    at.call(DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, &of.files[0], &of.stream, &of.links[0], kUpdate);
    EXPECT_EQ(of.stream.OpenCount, 1u);
    EXPECT_EQ(of.stream.SharedRead, 1u);
    EXPECT_EQ(counts(of.links[0]), "1 opens, 1 delete, 1 let delete");
}

SAMPLE(IoUpdateLinkShareAccess)
{
    auto& of = at.object<Linked>();
    EXPECT_EQ(io::IoCheckLinkShareAccess(DELETE, FILE_SHARE_DELETE, &of.files[0], &of.stream, &of.links[0], 0),
              STATUS_SUCCESS);
    at.call(&of.files[0], &of.stream, &of.links[0]);
    EXPECT_EQ(of.stream.Deleters, 1u);
    EXPECT_EQ(counts(of.links[0]), "1 opens, 1 delete, 1 let delete");
    at.call(&of.files[0], &of.stream, nullptr);
    EXPECT_EQ(of.stream.Deleters, 2u);
}

SAMPLE(IoUpdateLinkShareAccessEx)
{
    auto& of = at.object<Linked>();
    EXPECT_EQ(io::IoCheckLinkShareAccess(DELETE, FILE_SHARE_DELETE, &of.files[0], &of.stream, &of.links[0], 0),
              STATUS_SUCCESS);
    at.call(&of.files[0], &of.stream, &of.links[0], IO_SHARE_ACCESS_NON_PRIMARY_STREAM);
    EXPECT_EQ(of.stream.Deleters, 1u);
    EXPECT_EQ(counts(of.links[0]), "1 opens, 0 delete, 1 let delete");
}

SAMPLE(IoRemoveLinkShareAccess)
{
    auto& of = at.object<Linked>();
    EXPECT_EQ(io::IoCheckLinkShareAccess(DELETE, FILE_SHARE_DELETE, &of.files[0], &of.stream, &of.links[0], kUpdate),
              STATUS_SUCCESS);
    at.call(&of.files[0], &of.stream, &of.links[0]);
    EXPECT_EQ(of.stream.OpenCount, 0u);
    EXPECT_EQ(counts(of.links[0]), "0 opens, 0 delete, 0 let delete");
}

SAMPLE(IoRemoveLinkShareAccessEx)
{
    auto& of = at.object<Linked>();
    ULONG const named = IO_SHARE_ACCESS_NON_PRIMARY_STREAM;
    EXPECT_EQ(
        io::IoCheckLinkShareAccess(DELETE, FILE_SHARE_DELETE, &of.files[0], &of.stream, &of.links[0], kUpdate | named),
        STATUS_SUCCESS);
    at.call(&of.files[0], &of.stream, &of.links[0], named);
    EXPECT_EQ(of.stream.Deleters, 0u);
    EXPECT_EQ(counts(of.links[0]), "0 opens, 0 delete, 0 let delete");
}

// The box is up in the thread that issued the request, this one, for a second; then the user cancels.
SAMPLE(IoRaiseHardError)
{
    Stage stage(at);
    auto& taken_back = at.object<unsigned>();
    IRP* irp = failed(stage, taken_back);
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    uint64_t const before = sim::world().now_100ns();
    at.call(irp, nullptr, stage.device);
    EXPECT_GE(sim::world().now_100ns(), before + 10'000'000);
    EXPECT_EQ(taken_back, 1u);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(irp->IoStatus.Information, 0u) << "no data";
    EXPECT_EQ(Stage::seen, 0u);
    auto const& error = at.rooms().io.hard_errors().all().at(0);
    EXPECT_EQ(error.caption, "System Process - System Error");
    EXPECT_EQ(error.text, u"\\Device\\Sample");
    EXPECT_EQ(error.answer, io::HardErrorAnswer::Cancelled);
    io::IoFreeIrp(irp);
}

// The user tries again: the driver gets the request once more, and completes it.
SAMPLE_AS(IoRaiseHardError, retry)
{
    Stage stage(at);
    at.rooms().io.hard_errors().user.retries = 1;
    auto& taken_back = at.object<unsigned>();
    IRP* irp = failed(stage, taken_back);
    irp->Tail.Overlay.Thread = reinterpret_cast<ETHREAD*>(ke::kernel().current().guest);
    at.call(irp, nullptr, stage.device);
    EXPECT_EQ(Stage::seen, 1u) << "the APC ran in this thread";
    EXPECT_EQ(taken_back, 1u);
    EXPECT_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
    EXPECT_EQ(at.rooms().io.hard_errors().all().at(0).answer, io::HardErrorAnswer::TriedAgain);
    io::IoFreeIrp(irp);
}

// No thread issued the request: nobody is asked, and it is completed at once.
SAMPLE_AS(IoRaiseHardError, nobody)
{
    Stage stage(at);
    auto& taken_back = at.object<unsigned>();
    IRP* irp = failed(stage, taken_back);
    at.call(irp, nullptr, stage.device);
    EXPECT_EQ(taken_back, 1u);
    EXPECT_TRUE(at.rooms().io.hard_errors().all().empty());
    io::IoFreeIrp(irp);
}

// A thread that wants no hard errors: the request is completed at once.
SAMPLE_AS(IoRaiseHardError, unwanted)
{
    Stage stage(at);
    auto& taken_back = at.object<unsigned>();
    IRP* irp = failed(stage, taken_back);
    io::IoSetThreadHardErrorMode(FALSE);
    at.call(irp, nullptr, stage.device);
    io::IoSetThreadHardErrorMode(TRUE);
    EXPECT_EQ(taken_back, 1u);
    EXPECT_EQ(irp->IoStatus.Information, 0u);
    EXPECT_TRUE(at.rooms().io.hard_errors().all().empty());
    io::IoFreeIrp(irp);
}

// On a system thread no box appears, the status goes to the event log, and an equal one is as good as the first.
SAMPLE(IoRaiseInformationalHardError)
{
    auto& text = at.string(u"C:\\file");
    at.returns(BOOLEAN { TRUE }, STATUS_FILE_CORRUPT_ERROR, &text, nullptr);
    at.returns(BOOLEAN { TRUE }, STATUS_FILE_CORRUPT_ERROR, &text, nullptr);
    at.returns(BOOLEAN { TRUE }, 0xC0FFEE42u, nullptr, nullptr); // no status of Windows': none of the log's
    auto const& errors = at.rooms().io.hard_errors().all();
    ASSERT_EQ(errors.size(), 3u);
    EXPECT_EQ(errors[0].text, u"C:\\file");
    EXPECT_FALSE(errors[0].shown);
    auto const& log = at.rooms().io.error_log().written();
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[0].error_code, STATUS_FILE_CORRUPT_ERROR);
    EXPECT_EQ(log[0].strings, std::vector<std::u16string> { u"C:\\file" });
    io::IoSetThreadHardErrorMode(FALSE);
    at.returns(BOOLEAN { FALSE }, STATUS_FILE_CORRUPT_ERROR, &text, nullptr);
    io::IoSetThreadHardErrorMode(TRUE);
}

SAMPLE(IoTransferActivityId)
{
    auto const lines = sim::world().log().count();
    auto& from = at.object<GUID>();
    auto& to = at.object<GUID>();
    from = kFrom;
    to = kTo;
    at.call(&from, &to);
    std::string said;
    for (uint64_t i = lines; i < sim::world().log().count(); ++i)
        if (auto const& record = sim::world().log().at(i); record.what == sim::Event::Trace)
            said += sim::world().log().text(record.detail);
    EXPECT_NE(said.find("transfer from {00000001-0002-0003-0400-000000000000} to {00000005-0006-0007-0800-"), said.npos)
        << said;
}

SAMPLE(IoGetShadowFileInformation)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(static_cast<void*>(nullptr), file);
    io::IoSetShadowFileInformation(file, file, &stage);
    auto const* shadow = reinterpret_cast<IO_FOEXT_SHADOW_FILE const*>(at.call(file));
    ASSERT_TRUE(shadow);
    EXPECT_EQ(shadow->BackingFileObject, file);
    EXPECT_EQ(shadow->BackingFltInstance, &stage);
    ob::dereference(file);
}

SAMPLE(IoSetShadowFileInformation)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.status(STATUS_SUCCESS, file, file, &stage);
    auto const* shadow = io::IoGetShadowFileInformation(file);
    ASSERT_TRUE(shadow);
    EXPECT_EQ(shadow->BackingFltInstance, &stage);
    at.status(STATUS_SUCCESS, file, nullptr, nullptr);
    EXPECT_EQ(io::IoGetShadowFileInformation(file)->BackingFileObject, nullptr);
    at.status(STATUS_INVALID_PARAMETER, &at.object<FILE_OBJECT>(), file, nullptr);
    ob::dereference(file);
}

SAMPLE_OF_NOTHING(IoGetOplockKeyContext, "no file is opened with an oplock's key")
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(static_cast<void*>(nullptr), file);
    ob::dereference(file);
}

SAMPLE_OF_NOTHING(IoGetOplockKeyContextEx, "no file is opened with an oplock's key")
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(static_cast<void*>(nullptr), file);
    ob::dereference(file);
}

SAMPLE_OF_NOTHING(IoGetSiloParameters, "there are no containers")
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    at.returns(static_cast<void*>(nullptr), file);
    ob::dereference(file);
}

SAMPLE(IoIncrementKeepAliveCount)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    auto* process = ke::kernel().current().process->guest;
    at.status(STATUS_SUCCESS, file, process);
    at.status(STATUS_SUCCESS, file, process);
    auto const& counts = at.rooms().io.keep_alive().counts();
    ASSERT_EQ(counts.size(), 1u);
    EXPECT_EQ(counts[0].count, 2u);
    at.status(STATUS_INVALID_PARAMETER, &at.object<FILE_OBJECT>(), process);
    at.status(STATUS_INVALID_PARAMETER, file, &at.object<uint64_t>());
    ob::dereference(file);
}

SAMPLE(IoDecrementKeepAliveCount)
{
    Stage stage(at);
    FILE_OBJECT* file = stage.file();
    auto* process = ke::kernel().current().process->guest;
    at.status(STATUS_INVALID_PARAMETER, file, process);
    io::IoIncrementKeepAliveCount(file, reinterpret_cast<EPROCESS*>(process));
    at.status(STATUS_SUCCESS, file, process);
    EXPECT_TRUE(at.rooms().io.keep_alive().counts().empty());
    ob::dereference(file);
}

SAMPLE(IoGetPagingIoPriority)
{
    IRP* irp = io::IoAllocateIrp(1, FALSE);
    at.returns(int32_t { IoPagingPriorityInvalid }, irp);
    irp->Flags |= IRP_PAGING_IO;
    at.returns(int32_t { IoPagingPriorityNormal }, irp);
    io::IoSetIoPriorityHint(irp, IoPriorityCritical);
    at.returns(int32_t { IoPagingPriorityHigh }, irp);
    io::IoFreeIrp(irp);
}

SAMPLE(IoQueryFullDriverPath)
{
    Stage stage(at);
    auto& path = at.object<UNICODE_STRING>();
    at.status(STATUS_NOT_FOUND, stage.driver, &path); // made by the host: it has no file
    at.rooms().io.drivers().find(stage.driver)->path = u"\\SystemRoot\\System32\\drivers\\sample.sys";
    at.status(STATUS_SUCCESS, stage.driver, &path);
    ASSERT_TRUE(path.Buffer);
    EXPECT_EQ(rtl::view(path), u"\\SystemRoot\\System32\\drivers\\sample.sys");
    at.also("ExFreePoolWithTag", path.Buffer, 0);
}

// A driver that is asked about the boot-start drivers after it: what it heard, and what it answers.
namespace {

struct Launch {
    BDCB_CLASSIFICATION answer = BdCbClassificationUnknownImage;
    unsigned updates = 0, images = 0;
    BDCB_STATUS_UPDATE_TYPE last = BdCbStatusPrepareForDependencyLoad;
    char16_t name[64] {};
};

NTAPI void launched(PVOID context, BDCB_CALLBACK_TYPE type, BDCB_IMAGE_INFORMATION* information)
{
    auto& seen = *static_cast<Launch*>(context);
    if (type == BdCbStatusUpdate) {
        ++seen.updates;
        seen.last = reinterpret_cast<BDCB_STATUS_UPDATE_CONTEXT*>(information)->StatusType;
        return;
    }
    ++seen.images;
    std::copy_n(information->ImageName.Buffer, information->ImageName.Length / 2, seen.name);
    information->Classification = seen.answer;
}

io::BootImage const kImage { .name = u"\\SystemRoot\\boot.sys" };

} // namespace

SAMPLE(IoRegisterBootDriverCallback)
{
    auto& seen = at.object<Launch>();
    io::BootDrivers& boot = at.rooms().io.boot_drivers();
    void* const handle = reinterpret_cast<void*>(at.call(&launched, &seen));
    ASSERT_TRUE(handle);
    ASSERT_EQ(boot.registrations().size(), 1u);
    seen.answer = BdCbClassificationKnownBadImage;
    EXPECT_FALSE(boot.may_start(kImage, io::BootDrivers::kDefaultPolicy));
    seen.answer = BdCbClassificationKnownBadImageBootCritical;
    EXPECT_TRUE(boot.may_start(kImage, io::BootDrivers::kDefaultPolicy));
    EXPECT_FALSE(boot.may_start(kImage, 0));
    EXPECT_EQ(std::u16string(seen.name), kImage.name);
    EXPECT_EQ(seen.images, 3u);
    EXPECT_EQ(seen.updates, 1u);
    EXPECT_EQ(seen.last, BdCbStatusPrepareForDriverLoad);
    boot.boot_is_over();
    EXPECT_EQ(seen.last, BdCbStatusPrepareForUnload);
    EXPECT_TRUE(boot.may_start(kImage, 0)) << "nobody is asked any more";
    io::IoUnregisterBootDriverCallback(handle);
}

SAMPLE(IoUnregisterBootDriverCallback)
{
    auto& seen = at.object<Launch>();
    void* const handle = io::IoRegisterBootDriverCallback(&launched, &seen);
    at.call(handle);
    EXPECT_TRUE(at.rooms().io.boot_drivers().registrations().empty());
    EXPECT_TRUE(at.rooms().io.boot_drivers().may_start(kImage, 0));
    EXPECT_EQ(seen.images + seen.updates, 0u);
}
