// SPDX-License-Identifier: MIT
//
// Two routines the compiler calls with conventions C cannot express.
//   __security_check_cookie  rcx = the cookie a function found on its stack; keeps every register when it is right.
//                            Wrong means an overrun buffer: fast fail 2 (int 29h), which no handler can catch.
//                            It is linked into every driver and has unwind data, so that none is without .pdata.
//   __chkstk                 rax = size of a frame above one page; keeps every register. It touches the new pages from
//                            the top downwards, so that a stack's guard page is met and never jumped over.

    .intel_syntax noprefix
    .text

    .globl __security_check_cookie
    .def __security_check_cookie; .scl 2; .type 32; .endef
    .p2align 4
__security_check_cookie:
    .seh_proc __security_check_cookie
    .seh_endprologue
    cmp rcx, qword ptr [rip + __security_cookie]
    jne 1f
    ret
1:  mov ecx, 2
    int 0x29
    .seh_endproc

    .globl __chkstk
    .def __chkstk; .scl 2; .type 32; .endef
    .p2align 4
__chkstk:
    .seh_proc __chkstk
    push rcx
    .seh_stackalloc 8
    push rax
    .seh_stackalloc 8
    .seh_endprologue
    lea rcx, [rsp + 24]
    cmp rax, 0x1000
    jb 2f
1:  sub rcx, 0x1000
    test byte ptr [rcx], 0
    sub rax, 0x1000
    cmp rax, 0x1000
    jae 1b
2:  sub rcx, rax
    test byte ptr [rcx], 0
    pop rax
    pop rcx
    ret
    .seh_endproc
