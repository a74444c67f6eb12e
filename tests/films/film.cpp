// SPDX-License-Identifier: MIT
#include "film.h"

#include "base/check.h"
#include "ex/pool.h"
#include "io/driver.h"
#include "ob/ddi.h"
#include "ps/ddi.h"
#include "ps/process.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>

namespace ringside::test {

namespace {

constexpr ULONG kTag = 'mliF';

NTAPI void nothing_to_unload(DRIVER_OBJECT*) { }

NTAPI NTSTATUS entry(DRIVER_OBJECT* driver, UNICODE_STRING*)
{
    driver->DriverUnload = &nothing_to_unload;
    return STATUS_SUCCESS;
}

} // namespace

void* Film::bytes(size_t count)
{
    m_blocks.push_back(ex::allocate(NonPagedPool, count, kTag, ex::Owner::Kernel, true));
    return m_blocks.back();
}

UNICODE_STRING& Film::string(std::u16string_view text)
{
    auto* characters = static_cast<char16_t*>(bytes((text.size() + 1) * 2));
    std::memcpy(characters, text.data(), text.size() * 2);
    auto& made = object<UNICODE_STRING>();
    made = { static_cast<USHORT>(text.size() * 2), static_cast<USHORT>(text.size() * 2 + 2), characters };
    return made;
}

OBJECT_ATTRIBUTES& Film::attributes(std::u16string_view name, ULONG flags)
{
    auto& made = object<OBJECT_ATTRIBUTES>();
    made.Length = sizeof made;
    made.Attributes = OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE | flags;
    if (!name.empty())
        made.ObjectName = &string(name);
    return made;
}

PEPROCESS Film::client()
{
    auto made = rooms().processes.create_client(u"\\??\\C:\\film.exe");
    CHECK(made.ok(), "a film's client could not be made");
    auto const process = reinterpret_cast<PEPROCESS>((*made)->guest);
    call("ObfReferenceObject", process);
    return process;
}

void Film::end(PEPROCESS client)
{
    HANDLE handle = nullptr;
    ok("ObOpenObjectByPointer", client, ULONG { OBJ_KERNEL_HANDLE }, nullptr, ULONG { PROCESS_ALL_ACCESS }, nullptr,
       KPROCESSOR_MODE { KernelMode }, &handle);
    ok("ZwTerminateProcess", handle, STATUS_CANCELLED);
    EXPECT_EQ(wait(client), STATUS_SUCCESS);
    ok("ZwClose", handle);
    call("ObfDereferenceObject", client);
}

DRIVER_OBJECT* Film::driver()
{
    auto made = io::create_driver({ .name = u"film", .entry = &entry, .registry_path = u"\\Registry" });
    CHECK(made.ok(), "a film's driver could not be made");
    return (*made)->object;
}

DRIVER_OBJECT* Film::load(std::string_view name)
{
    std::string const path = fmt::format("{}/{}.sys", RINGSIDE_DRIVERS, name);
    std::string bytes;
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    auto image = rooms().loader.load(std::string(name), path, std::as_bytes(std::span(bytes)), nullptr);
    CHECK(image.ok(), "a film's driver could not be loaded");
    ldr::Module& module = image.module();
    auto made = io::create_driver({ .name = std::u16string(name.begin(), name.end()),
                                    .base = module.base(),
                                    .bytes = module.size(),
                                    .entry = reinterpret_cast<PDRIVER_INITIALIZE>(module.entry_point()),
                                    .registry_path = u"\\Registry" });
    CHECK(made.ok(), "a film's driver did not start");
    m_images.push_back(&module);
    return (*made)->object;
}

void Film::unload(DRIVER_OBJECT* driver) { EXPECT_EQ(io::unload_driver(driver), STATUS_SUCCESS); }

NTAPI void Film::thread_main(PVOID context)
{
    (*static_cast<std::function<void()>*>(context))();
}

size_t Film::thread(std::function<void()> body)
{
    HANDLE handle = nullptr;
    PVOID made = nullptr;
    // Owned here, for a bug check abandons the thread.
    m_bodies.push_back(std::make_unique<std::function<void()>>(std::move(body)));
    ok("PsCreateSystemThread", &handle, ULONG { THREAD_ALL_ACCESS }, nullptr, nullptr, nullptr, &thread_main,
       m_bodies.back().get());
    ok("ObReferenceObjectByHandle", handle, ULONG { SYNCHRONIZE }, nullptr, KPROCESSOR_MODE { KernelMode }, &made, nullptr);
    ok("ZwClose", handle);
    m_threads.push_back(static_cast<PKTHREAD>(made));
    return m_threads.size() - 1;
}

void Film::client_main(ke::Thread&, void* context) { (*static_cast<std::function<void()>*>(context))(); }

size_t Film::client_thread(PEPROCESS process, std::function<void()> body)
{
    m_bodies.push_back(std::make_unique<std::function<void()>>(std::move(body)));
    auto made = rooms().processes.create_client_thread(*rooms().processes.process_of(process), &client_main,
                                                       m_bodies.back().get());
    CHECK(made.ok(), "a film's client thread could not be made");
    auto const thread = static_cast<PKTHREAD>((*made)->pointer());
    call("ObfReferenceObject", thread);
    m_threads.push_back(thread);
    return m_threads.size() - 1;
}

namespace {

constexpr KAFFINITY kFirstProcessor = 1, kSecondProcessor = 2, kFilmsProcessor = 4;

} // namespace

size_t Film::racer(Racer const& of, std::function<void()> body)
{
    return of.client ? client_thread(of.client, std::move(body)) : thread(std::move(body));
}

void Film::race(Racer first, Racer second)
{
    auto& go = object<KEVENT>();
    call("KeInitializeEvent", &go, NotificationEvent, BOOLEAN { FALSE });
    int ready = 0;
    if (m_plan)
        call("KeSetSystemAffinityThreadEx", kFilmsProcessor);
    for (int i : { 0, 1 }) {
        Racer const& of = i ? second : first;
        racer(of, [this, i, &of, &go, &ready] {
            // Of two processors with something to do the lower one has the turn first.
            if (m_plan)
                call("KeSetSystemAffinityThreadEx", (i == 1) == m_second_first ? kFirstProcessor : kSecondProcessor);
            of.before();
            ++ready;
            wait(&go);
            if (!m_plan)
                linger(draw(16));
            of.body();
        });
    }
    while (ready < 2)
        sleep(1000);
    if (!m_plan) {
        call("KeSetEvent", &go, 0, BOOLEAN { FALSE });
        join();
        return;
    }
    sleep(1000); // both are at the start
    // Until both have ended, this thread passes no schedule point.
    rooms().kernel.follow(m_plan);
    ke::KeSetEvent(&go, 0, FALSE);
    for (PKTHREAD ended : m_threads)
        ke::KeWaitForSingleObject(ended, Executive, KernelMode, FALSE, nullptr);
    rooms().kernel.follow(nullptr);
    join();
    call("KeRevertToUserAffinityThreadEx", KAFFINITY { 0 });
}

void Film::join()
{
    for (size_t i = 0; i < m_threads.size(); ++i)
        EXPECT_EQ(wait(m_threads[i]), STATUS_SUCCESS);
    for (PKTHREAD thread : m_threads)
        call("ObfDereferenceObject", thread);
    m_threads.clear();
}

NTSTATUS Film::wait(void* object, uint64_t microseconds)
{
    LARGE_INTEGER time_out { .QuadPart = -static_cast<int64_t>(microseconds) * 10 };
    return status("KeWaitForSingleObject", object, Executive, KPROCESSOR_MODE { KernelMode }, BOOLEAN { FALSE },
                  microseconds ? &time_out : nullptr);
}

void Film::sleep(uint64_t microseconds)
{
    LARGE_INTEGER interval { .QuadPart = -static_cast<int64_t>(microseconds) * 10 };
    ok("KeDelayExecutionThread", KPROCESSOR_MODE { KernelMode }, BOOLEAN { FALSE }, &interval);
}

void Film::step() { call("KeGetCurrentIrql"); }

uint64_t Film::draw(uint64_t below)
{
    if (m_plan)
        return 0;
    uint64_t z = m_draw += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return (z ^ z >> 31) % below;
}

void Film::strike()
{
    for (void* block : m_blocks)
        ex::free(block, kTag);
    m_blocks.clear();
    for (ldr::Module* image : m_images)
        rooms().loader.unload(*image);
    m_images.clear();
}

} // namespace ringside::test
