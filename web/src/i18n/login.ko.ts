/** The log-in of every page for people who work here, in Korean. */
export const login = {
  "desk.title": "상담사 로그인",
  "desk.user": "상담사 번호",
  "admin.title": "관리 로그인",
  "admin.user": "사용자 이름",
  password: "비밀번호",
  submit: "로그인",
  wrong: "번호(이름)나 비밀번호가 맞지 않습니다. 확인한 뒤 다시 입력하세요.",
  locked: "여러 번 틀려서 잠시 잠겼습니다. 약 {minutes}분 뒤에 다시 시도하세요.",
  unreachable: "서버에 연결하지 못했습니다. 잠시 뒤 다시 시도하세요.",
  light: "밝은 화면",
  dark: "어두운 화면",
} as const;
