// SPDX-License-Identifier: MIT
//
// The four memory routines compilers call on their own. A driver gets them statically, so that it does not depend on
// which Windows exports which of them. String instructions are at their best for the sizes that reach a call; short
// fixed sizes never do, the compiler expands them in place.

typedef unsigned long long Size;
typedef unsigned char Byte;
typedef unsigned long long __attribute__((aligned(1), may_alias)) Word;

void* memcpy(void* to, const void* from, Size size)
{
    void* start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void* memset(void* to, int value, Size size)
{
    void* start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"((Byte)value) : "memory");
    return start;
}

void* memmove(void* to, const void* from, Size size)
{
    Byte* target = to;
    const Byte* source = from;
    if ((Size)(target - source) >= size)
        return memcpy(to, from, size);
    // The target begins inside the source: only backwards does no byte get overwritten before it has been read.
    for (; size >= 8; size -= 8)
        *(Word*)(target + size - 8) = *(const Word*)(source + size - 8);
    while (size--)
        target[size] = source[size];
    return to;
}

int memcmp(const void* left, const void* right, Size size)
{
    const Byte* l = left;
    const Byte* r = right;
    for (Size i = 0; i < size; ++i)
        if (l[i] != r[i])
            return l[i] < r[i] ? -1 : 1;
    return 0;
}
