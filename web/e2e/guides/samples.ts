/** The guides' samples of messages, to the letter, faults included (seed 000 3.1.2.3, 3.1.2.3.1, 3.1.2.4). */

/** [Sample] - 파일전송: `=` for `:`, a comma too many, blanks in addresses. */
export const FILES = `{
  "type": "file",
  "file_data": [
    {
      "name": "testImage1.jpg",
      "size": "1204136",
      "url": "http://118.219.54.237/call-message/testImage1.jpg",
      "mime_type"="image/jpg",
      "preview_url": "http: //1.1.1.1./testImage1_preview.jpg"
    },
    {
      "name": "testImage2.doc",
      "size": "1401208",
      "url": "http: //118.219.54.237/call-message/testImage2.jpg",
      "mime_type"="application/msword",
    }
  ]
}`;

/** 3.1.2.3, table of parameters: `preview_url` without its first quote. */
export const FILES_PARAMETER = `{
"type": "file",
"message": "",
"file_data": [
{
"name": "testImage1.jpg",
"size": "1204136",
"url": "http://118.219.54.237/call-message/testImage1.jpg",
"mime_type" = "image/jpg",
preview_url": "http://1.1.1.1./testImage1_preview.jpg" },
{
"name": "testImage2.doc",
"size": "1401208",
"url": "http://118.219.54.237/call-message/testImage2.jpg",
"mime_type" = "application/msword",
"preview_url": ""
}
]
}`;

/** [Sample] - links 전송. */
export const LINKS = `{
  "type": "links",
  "message": "원하시는 문의를 선택해 주세요.",
  "links": [
    {
      "name": "프로모션",
      "type": "text",
      "extra": "PROMOTION-01"
    },
    {
      "name": "로그인",
      "type": "link",
      "url": "http: //118.219.54.237/login"
    }
  ]
}`;

/** 시나리오봇 응답. */
export const SCENARIO_ANSWER = `{
"TYPE": "SCENARIO",
"MESSAGE": {
"SCENARIO": "CHAT",
"KEYWORD": "솔루션",
"MENU_ID": "SOLUTION"
}
}`;
