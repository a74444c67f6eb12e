// SPDX-License-Identifier: MIT
// Files of drive C: that several threads open, lock, rename and delete at once. What they change stays in memory.
#include "film.h"

#include "sim/host_files.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace ringside;
using namespace ringside::test;

namespace {

// A folder of the host with one file, for all seeds.
struct Folder {
    Folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "ringside-film-XXXXXX").string();
        path = mkdtemp(name.data());
        std::ofstream(path + "/film.txt") << "12345678";
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
} const g_folder;

constexpr ULONG kAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

void mount(machine::Rooms& rooms)
{
    std::string error;
    EXPECT_TRUE(rooms.files.mount(sim::HostFolder::open(g_folder.path, false, error)).ok()) << error;
}

FilmOptions const kDrive { .prepare = &mount };

class Drive {
public:
    explicit Drive(Film& film) : m_film(film) { }
    NTSTATUS open(HANDLE& handle, ACCESS_MASK access, ULONG share, std::u16string_view path = u"\\??\\C:\\film.txt")
    {
        return m_film.status("ZwOpenFile", &handle, access | SYNCHRONIZE, &m_film.attributes(path), &block(), share,
                             ULONG { FILE_SYNCHRONOUS_IO_NONALERT });
    }
    IO_STATUS_BLOCK& block() { return m_film.object<IO_STATUS_BLOCK>(); }

private:
    Film& m_film;
};

} // namespace

// Two threads open a file with share modes that exclude each other, and write to it when they got it.
// Shows: never both at once; who comes second is told STATUS_SHARING_VIOLATION and gets it later.
FILM_WITH(kDrive, a_file_that_nobody_shares, "sharing violation", "got it at once")
{
    Drive drive(film);
    LONG inside = 0;
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            film.linger(film.draw(10));
            HANDLE handle = nullptr;
            bool first = true;
            for (NTSTATUS status; (status = drive.open(handle, GENERIC_WRITE, 0)) != STATUS_SUCCESS; first = false) {
                ASSERT_EQ(status, STATUS_SHARING_VIOLATION);
                film.sleep(5);
            }
            film.went(first ? "got it at once" : "sharing violation");
            EXPECT_EQ(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
            film.linger(film.draw(10));
            EXPECT_EQ(__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST), 0);
            film.ok("ZwClose", handle);
        });
    film.join();
}

// Two openers lock the same bytes of a file exclusively, one waiting for them and one not, and write there.
// Shows: the bytes are one opener's at a time; who does not wait is refused; a close releases what was locked.
FILM_WITH(kDrive, bytes_of_a_file_are_locked, "lock not granted", "locked at once", "closed with a lock")
{
    Drive drive(film);
    LONG inside = 0;
    for (int t = 0; t < 2; ++t)
        film.thread([&, t] {
            film.linger(film.draw(10));
            HANDLE handle = nullptr;
            ASSERT_EQ(drive.open(handle, GENERIC_READ | GENERIC_WRITE, kAll), STATUS_SUCCESS);
            LARGE_INTEGER offset { .QuadPart = 2 }, length { .QuadPart = 4 };
            NTSTATUS const status
                = film.status("ZwLockFile", handle, nullptr, nullptr, nullptr, &drive.block(), &offset, &length, 1u,
                              BOOLEAN { t == 0 }, BOOLEAN { TRUE });
            if (status == STATUS_SUCCESS) {
                if (t == 0)
                    film.went("locked at once");
                EXPECT_EQ(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
                film.linger(film.draw(10));
                EXPECT_EQ(__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST), 0);
                if (film.draw(2))
                    film.ok("ZwUnlockFile", handle, &drive.block(), &offset, &length, 1u);
                else
                    film.went("closed with a lock");
            } else {
                EXPECT_EQ(status, STATUS_LOCK_NOT_GRANTED);
                EXPECT_EQ(t, 0);
                film.went("lock not granted");
            }
            film.ok("ZwClose", handle);
        });
    film.join();
}

// A file is set to be deleted and closed by one thread while another opens it, and a third renames it.
// Shows: an open comes before, is told STATUS_DELETE_PENDING, or finds nothing; the name is gone when the last handle is.
FILM_WITH(kDrive, a_file_is_deleted_while_it_is_opened, "opened", "delete pending", "not found", "renamed first")
{
    Drive drive(film);
    HANDLE doomed = nullptr;
    ASSERT_EQ(drive.open(doomed, DELETE, kAll), STATUS_SUCCESS);
    film.thread([&] {
        film.linger(film.draw(12));
        auto& disposition = film.object<FILE_DISPOSITION_INFORMATION>();
        disposition.DeleteFile = TRUE;
        film.ok("ZwSetInformationFile", doomed, &drive.block(), &disposition, ULONG { sizeof disposition },
                FileDispositionInformation);
        film.linger(film.draw(12));
        film.ok("ZwClose", doomed);
    });
    film.thread([&] {
        film.linger(film.draw(30));
        HANDLE handle = nullptr;
        NTSTATUS const status = drive.open(handle, GENERIC_READ, kAll);
        if (status == STATUS_SUCCESS) {
            film.went("opened");
            auto* text = static_cast<char*>(film.bytes(16));
            LARGE_INTEGER start {};
            film.ok("ZwReadFile", handle, nullptr, nullptr, nullptr, &drive.block(), text, 8u, &start, nullptr);
            EXPECT_EQ(std::memcmp(text, "12345678", 8), 0);
            film.linger(film.draw(10));
            film.ok("ZwClose", handle);
            return;
        }
        EXPECT_TRUE(status == STATUS_DELETE_PENDING || status == STATUS_OBJECT_NAME_NOT_FOUND) << std::hex << status;
        film.went(status == STATUS_DELETE_PENDING ? "delete pending" : "not found");
    });
    film.thread([&] {
        film.linger(film.draw(20));
        HANDLE handle = nullptr;
        if (drive.open(handle, DELETE, kAll) != STATUS_SUCCESS)
            return;
        auto* rename = static_cast<FILE_RENAME_INFORMATION*>(film.bytes(64));
        rename->FileNameLength = 10;
        std::memcpy(rename->FileName, u"other", 10);
        if (film.status("ZwSetInformationFile", handle, &drive.block(), rename, 64u, FileRenameInformation) == STATUS_SUCCESS)
            film.went("renamed first");
        film.ok("ZwClose", handle);
    });
    film.join();
    HANDLE none = nullptr;
    EXPECT_EQ(drive.open(none, GENERIC_READ, kAll), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(drive.open(none, GENERIC_READ, kAll, u"\\??\\C:\\other"), STATUS_OBJECT_NAME_NOT_FOUND);
}
