# The description of the HTTP interface goes into the program as it is (adapters/web/web_docs.c).
set(OPENAPI ${PROJECT_SOURCE_DIR}/adapters/web/openapi.json)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/openapi.S CONTENT
  "    .section .rodata\n    .global web_openapi\n    .global web_openapi_end\nweb_openapi:\n    .incbin \"${OPENAPI}\"\nweb_openapi_end:\n    .byte 0\n    .section .note.GNU-stack,\"\",%progbits\n")
target_sources(adapters PRIVATE ${CMAKE_BINARY_DIR}/openapi.S)
set_source_files_properties(${CMAKE_BINARY_DIR}/openapi.S PROPERTIES OBJECT_DEPENDS ${OPENAPI})
