// SPDX-License-Identifier: MIT
// A drive C: for samples of the file services, over a folder of the host: C:\hello.txt holds "hello", C:\Folder an empty
// file "inner". What samples change stays in memory.
#pragma once

#include "contract.h"

#include "ob/handle.h"
#include "sim/host_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace ringside::test {

using namespace ringside::nt;

// Once per program, and its children's too: a machine that ends with a bug check abandons the sample's own frames.
struct SampleFolder {
    SampleFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "ringside-sample-XXXXXX").string();
        path = mkdtemp(name.data());
        std::ofstream(path + "/hello.txt") << "hello";
        std::filesystem::create_directory(path + "/Folder");
        std::ofstream(path + "/Folder/inner").flush();
    }
    ~SampleFolder()
    {
        if (getpid() == maker)
            std::filesystem::remove_all(path);
    }
    std::string path;
    pid_t maker = getpid();
};
inline SampleFolder const g_sample_folder;

struct Drive {
    explicit Drive(At& at)
        : m_at(at)
    {
        std::string error;
        EXPECT_TRUE(at.rooms().files.mount(sim::HostFolder::open(g_sample_folder.path, false, error)).ok()) << error;
    }

    OBJECT_ATTRIBUTES& named(std::u16string_view path, HANDLE root = nullptr)
    {
        auto& attributes = m_at.object<OBJECT_ATTRIBUTES>();
        attributes = { sizeof attributes, root,   &m_at.string(path), OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                       nullptr,           nullptr };
        return attributes;
    }
    // By another service than the one under test, unless that is ZwCreateFile itself.
    HANDLE open(std::u16string_view path, ACCESS_MASK access = GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE,
                ULONG options = FILE_SYNCHRONOUS_IO_NONALERT)
    {
        auto& handle = m_at.object<HANDLE>();
        m_at.also("ZwOpenFile", &handle, access, &named(path), &block(), ULONG { FILE_SHARE_VALID_FLAGS }, options);
        EXPECT_TRUE(handle);
        return handle;
    }
    void close(HANDLE handle) { m_at.also("ZwClose", handle); }
    FILE_OBJECT* object(HANDLE handle)
    {
        return static_cast<FILE_OBJECT*>(ob::resolve_handle(ob::current_process(), handle, KernelMode)->body);
    }
    // With room behind it: a status block that is not aligned is written all the same.
    IO_STATUS_BLOCK& block() { return *static_cast<IO_STATUS_BLOCK*>(m_at.bytes(2 * sizeof(IO_STATUS_BLOCK))); }
    bool exists(std::u16string_view path)
    {
        return m_at.also("ZwQueryFullAttributesFile", &named(path), m_at.bytes(sizeof(FILE_NETWORK_OPEN_INFORMATION)))
            == STATUS_SUCCESS;
    }

private:
    At& m_at;
};

} // namespace ringside::test
