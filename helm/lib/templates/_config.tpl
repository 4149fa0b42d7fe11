{{/*
Environment of the service. Plain values come from the ConfigMap, secrets by reference from existing Secrets,
addresses of the services it calls from `calls`.
*/}}
{{- define "koinon.env" -}}
- name: GRPC_LISTEN
  value: {{ printf "0.0.0.0:%v" .Values.ports.grpc | quote }}
- name: ADMIN_LISTEN
  value: {{ printf "0.0.0.0:%v" .Values.ports.admin | quote }}
{{- if .Values.tls.secretName }}
- name: TLS_CERT_FILE
  value: /etc/koinon/tls/tls.crt
- name: TLS_KEY_FILE
  value: /etc/koinon/tls/tls.key
- name: TLS_CA_FILE
  value: /etc/koinon/tls/ca.crt
{{- end }}
{{- range $service := .Values.network.calls }}
- name: {{ upper $service }}_ADDRESS
  value: {{ printf "dns:///%s-%s-headless:%v" $.Release.Name $service $.Values.ports.grpc | quote }}
{{- end }}
{{- range $name, $reference := .Values.secrets }}
{{- if $reference.secretName }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.secretName }}
      key: {{ $reference.key }}
{{- end }}
{{- end }}
{{- end }}

{{- define "koinon.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
data:
  {{- range $name, $value := .Values.config }}
  {{ $name }}: {{ $value | toString | quote }}
  {{- end }}
{{- end }}
