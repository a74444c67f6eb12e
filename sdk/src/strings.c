// SPDX-License-Identifier: MIT
//
// The string routines that Microsoft's compiler expands in place: a driver built with it does not import them, so one
// built here does not either.

typedef unsigned long long Size;

Size strlen(const char* text)
{
    const char* end = text;
    while (*end)
        ++end;
    return (Size)(end - text);
}

int strcmp(const char* left, const char* right)
{
    while (*left && *left == *right) {
        ++left;
        ++right;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

char* strcpy(char* to, const char* from)
{
    char* next = to;
    while ((*next++ = *from++))
        ;
    return to;
}

char* strcat(char* to, const char* from)
{
    strcpy(to + strlen(to), from);
    return to;
}

Size wcslen(const unsigned short* text)
{
    const unsigned short* end = text;
    while (*end)
        ++end;
    return (Size)(end - text);
}
